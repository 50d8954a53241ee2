package import WebhookModel

/// A key that seals endpoints' secrets at rest: AES-256-GCM with a random nonce for each text. Never shown by printing.
package struct MasterKey: Sendable, Hashable {
    private let key: [UInt8]
    /// Eight bytes that identify the key and reveal nothing about it.
    package let id: [UInt8]

    package static let idBytes = 8

    /// Reads the written form: base64 of 32 bytes, as `openssl rand -base64 32` writes it.
    ///
    /// - Throws: what is wrong, never the key.
    package init(_ text: some StringProtocol) throws(MasterKeyError) {
        guard let key = Base64.decode(text), key.count == SealingCipher.keyBytes else { throw .notAKey }
        self.init(bytes: key)
    }

    package static func generate() -> MasterKey { MasterKey(bytes: SecureRandom.bytes(SealingCipher.keyBytes)) }

    private init(bytes: [UInt8]) {
        key = bytes
        let hash = KeyedHash(key: bytes, digest: .sha256)
        var name = [UInt8](repeating: 0, count: hash.length)
        hash.begin()
        Array("needletail master key id".utf8).withUnsafeBytes { hash.add($0) }
        name.withUnsafeMutableBytes { hash.finish(into: $0) }
        id = Array(name[..<MasterKey.idBytes])
    }

    /// Key id 8 · nonce 12 · ciphertext · tag 16.
    package func seal(_ text: String, for place: SecretSeal.Place) -> [UInt8] {
        let nonce = SecureRandom.bytes(SealingCipher.nonceBytes)
        return id + nonce + SealingCipher.seal(Array(text.utf8), key: key, nonce: nonce, context: place.bytes)
    }

    /// The text; nil: something was changed.
    package func open(_ sealed: [UInt8], for place: SecretSeal.Place) -> String? {
        let start = MasterKey.idBytes + SealingCipher.nonceBytes
        guard sealed.count >= start else { return nil }
        let nonce = Array(sealed[MasterKey.idBytes..<start])
        return SealingCipher.open(Array(sealed[start...]), key: key, nonce: nonce, context: place.bytes).flatMap {
            String(validating: $0, as: UTF8.self)
        }
    }
}

extension MasterKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "master key \(MasterKey.hex(id))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = bytes.flatMap { [HexDigits.lower($0 >> 4), HexDigits.lower($0 & 15)] }
        return String(decoding: digits, as: UTF8.self)
    }
}

package enum MasterKeyError: Error, Equatable, CustomStringConvertible {
    case notAKey

    package var description: String { "is not base64 of 32 bytes; create one with: openssl rand -base64 32" }
}

/// The key that seals, and earlier keys, which open what they sealed.
package struct KeyRing: Sendable {
    package let current: MasterKey
    package let previous: [MasterKey]

    package init(current: MasterKey, previous: [MasterKey] = []) {
        self.current = current
        self.previous = previous
    }

    /// The ring in the form that the store and its writer use.
    package var secretSeal: SecretSeal {
        SecretSeal(seal: { current.seal($0, for: $1) }, open: { open($0, $1) })
    }

    private func open(_ sealed: [UInt8], _ place: SecretSeal.Place) -> Result<SecretSeal.Opened, SealError> {
        let id = sealed.prefix(MasterKey.idBytes)
        guard let key = ([current] + previous).first(where: { $0.id.elementsEqual(id) }) else {
            return .failure(.unknownKey(MasterKey.hex(id)))
        }
        guard let text = key.open(sealed, for: place) else { return .failure(.damaged) }
        return .success(SecretSeal.Opened(text: text, isCurrent: key == current))
    }
}
