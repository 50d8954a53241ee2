public import WebhookModel
import WebhookSigning

/// Names of rows for clients: a prefix and 32 hex digits, as `wh_5f0c…`.
///
/// An id is the row's number, sealed by a keyed permutation of 16 bytes (AES-128): the same row always has the same id,
/// and an id tells neither its number nor how many there are. Nothing is stored for it. The other bytes of the block
/// are its kind and zeros: an id that somebody invented opens to something else, and is unknown without a look at the
/// store. The key lies in the store (`DataDirectory.identityKey`), because ids must survive a restart, a restored copy
/// and a change of the master key.
public struct PublicIDs: Sendable {
    enum Kind: UInt8, CaseIterable {
        case webhook = 1
        case apiKey = 2
        case delivery = 3
        case attempt = 4

        var prefix: String {
            switch self {
            case .webhook: "wh_"
            case .apiKey: "key_"
            case .delivery: "dlv_"
            case .attempt: "att_"
            }
        }
    }

    private let key: [UInt8]

    public init(identityKey: [UInt8]) {
        key = Array(SHA256Digest.of(Array("needletail ids".utf8) + identityKey).prefix(BlockCipher.bytes))
    }

    public func webhook(_ number: EndpointNumber) -> String { seal(.webhook, low: number.value) }

    public func webhook(_ id: String) -> EndpointNumber? { open(id, .webhook).map { EndpointNumber($0.low) } }

    public func apiKey(_ number: UInt32) -> String { seal(.apiKey, low: number) }

    public func apiKey(_ id: String) -> UInt32? { open(id, .apiKey)?.low }

    public func delivery(_ delivery: DeliveryID) -> String {
        seal(.delivery, high: delivery.position.value, low: delivery.endpoint.value)
    }

    public func delivery(_ id: String) -> DeliveryID? {
        open(id, .delivery).map { DeliveryID(position: EventPosition($0.high), endpoint: EndpointNumber($0.low)) }
    }

    /// - Parameter number: of the attempt, from 1.
    public func attempt(_ delivery: DeliveryID, _ number: UInt16) -> String {
        seal(.attempt, number: number, high: delivery.position.value, low: delivery.endpoint.value)
    }

    public func attempt(_ id: String) -> (delivery: DeliveryID, number: UInt16)? {
        open(id, .attempt).map {
            (DeliveryID(position: EventPosition($0.high), endpoint: EndpointNumber($0.low)), $0.number)
        }
    }

    // MARK: The block: kind · 0 · u16 number · u64 high · u32 low

    private func seal(_ kind: Kind, number: UInt16 = 0, high: UInt64 = 0, low: UInt32) -> String {
        let block = [kind.rawValue, 0] + bytes(number) + bytes(high) + bytes(low)
        return kind.prefix + HexText.write(BlockCipher.seal(block, key: key))
    }

    private func open(_ id: String, _ kind: Kind) -> (number: UInt16, high: UInt64, low: UInt32)? {
        guard id.hasPrefix(kind.prefix), let sealed = HexText.read(id.dropFirst(kind.prefix.count)),
            sealed.count == BlockCipher.bytes
        else { return nil }
        let block = BlockCipher.open(sealed, key: key)
        guard block[0] == kind.rawValue, block[1] == 0 else { return nil }
        func integer<Value: FixedWidthInteger>(_ range: Range<Int>) -> Value {
            block[range].reduce(0) { $0 << 8 | Value($1) }
        }
        let fields: (number: UInt16, high: UInt64, low: UInt32) = (integer(2..<4), integer(4..<12), integer(12..<16))
        // Kinds without these fields have zeros there.
        switch kind {
        case .webhook, .apiKey: return fields.number == 0 && fields.high == 0 ? fields : nil
        case .delivery: return fields.number == 0 ? fields : nil
        case .attempt: return fields
        }
    }

    private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// Lower-case hex digits.
enum HexText {
    static func write(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [HexDigits.lower($0 >> 4), HexDigits.lower($0 & 15)] }, as: UTF8.self)
    }

    /// Nil: anything else, upper-case digits too: an id has one spelling.
    static func read(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0, !digits.contains(where: { (0x41...0x46).contains($0) }) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = HexDigits.value(digits[index]), let low = HexDigits.value(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
