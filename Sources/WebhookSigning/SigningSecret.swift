/// A symmetric signing secret: 24…64 bytes, written `whsec_` + base64 (Standard Webhooks, "Signature scheme").
///
/// Never shown by printing, interpolation, `dump` or a debugger's summary; only `reveal()` writes it out.
public struct SigningSecret: Sendable, Hashable {
    let key: [UInt8]

    /// What stands before the base64.
    public static let prefix = "whsec_"
    /// Bytes of a key: below is guessable, above is hashed down by HMAC and gains nothing.
    public static let keyBytes = 24...64

    /// Takes key bytes as they are.
    ///
    /// - Throws: `wrongLength` outside 24…64 bytes.
    public init(key: [UInt8]) throws(SigningSecretError) {
        guard SigningSecret.keyBytes.contains(key.count) else { throw .wrongLength(key.count) }
        self.key = key
    }

    /// Reads the written form, exactly: no spaces, padding where base64 asks for it.
    ///
    /// - Throws: what is wrong with it, never the secret itself.
    public init(_ text: some StringProtocol) throws(SigningSecretError) {
        guard text.hasPrefix(SigningSecret.prefix) else { throw .wrongPrefix }
        guard let key = Base64.decode(text.dropFirst(SigningSecret.prefix.count)) else { throw .notBase64 }
        try self.init(key: key)
    }

    private init(trusted key: [UInt8]) { self.key = key }

    /// A new secret of 32 random bytes.
    public static func generate() -> SigningSecret { SigningSecret(trusted: SecureRandom.bytes(32)) }

    /// The written form, for the one time that a secret is shown and for storage under seal.
    public func reveal() -> String { SigningSecret.prefix + Base64.encode(key) }
}

extension SigningSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "whsec_<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a written secret or a set of them cannot be used. Its words never hold any of the secret.
public enum SigningSecretError: Error, Equatable, CustomStringConvertible {
    case wrongPrefix
    case notBase64
    /// With the bytes found.
    case wrongLength(Int)
    case noSecret
    /// With the secrets found.
    case tooManySecrets(Int)

    public var description: String {
        switch self {
        case .wrongPrefix: "a signing secret begins with whsec_"
        case .notBase64: "what follows whsec_ is not base64 (A-Z a-z 0-9 + /, padded with = to a multiple of four)"
        case .wrongLength(let count):
            "a signing secret holds \(SigningSecret.keyBytes.lowerBound) to \(SigningSecret.keyBytes.upperBound) bytes, this one \(count)"
        case .noSecret: "at least one signing secret is needed"
        case .tooManySecrets(let count): "\(count) live secrets; at most \(SecretSet.most) may be live at once"
        }
    }
}
