import WebhookModel

/// A text in a configuration row: as it is, or sealed. u8 form (0 plain, 1 sealed) · bytes.
struct SealedText {
    private let seal: SecretSeal?
    /// Whether all that was read is sealed as it would be written now.
    private(set) var isCurrent = true

    init(_ seal: SecretSeal?) { self.seal = seal }

    func write(_ text: String, _ place: SecretSeal.Place) -> [UInt8] {
        guard let seal else { return [0] + text.utf8 }
        return [1] + seal.seal(text, place)
    }

    /// A text without the form byte, as older rows hold it.
    mutating func readPlain(_ bytes: some Collection<UInt8>) -> String {
        if seal != nil { isCurrent = false }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func read(_ bytes: ArraySlice<UInt8>, _ place: SecretSeal.Place) throws(SealError) -> String {
        guard bytes.first == 1 else { return readPlain(bytes.dropFirst()) }
        guard let seal else { throw .noKey }
        let opened = try seal.open(Array(bytes.dropFirst()), place).get()
        if !opened.isCurrent { isCurrent = false }
        return opened.text
    }
}
