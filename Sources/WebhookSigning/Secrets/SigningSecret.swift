/// A signing secret, or the public half of an Ed25519 pair.
///
/// Never shown by printing, interpolation, `dump` or a debugger's summary. Only `reveal()` writes it out.
public struct SigningSecret: Sendable, Hashable {
    public let form: SecretForm
    /// The key of an HMAC; an Ed25519 seed and its public key; or a public key.
    let key: [UInt8]

    /// The text before the base64.
    public static let prefix = "whsec_"
    public static let privatePrefix = "whsk_"
    public static let publicPrefix = "whpk_"

    /// Takes the bytes of a symmetric key, to be written as `whsec_…`.
    ///
    /// - Throws: `wrongLength` outside 24…64 bytes.
    public init(key: [UInt8]) throws(SigningSecretError) { try self.init(key, .whsec) }

    /// Reads the written form, exactly: no spaces, and padding where base64 requires it.
    ///
    /// - Throws: what is wrong with it, never the secret itself.
    public init(_ text: some StringProtocol, form: SecretForm = .whsec) throws(SigningSecretError) {
        switch form {
        case .raw:
            guard text.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else { throw .notVisible }
            try self.init(Array(text.utf8), .raw)
        case .base64: try self.init(SigningSecret.decode(text), .base64)
        case .whsec:
            guard text.hasPrefix(SigningSecret.prefix) else { throw .wrongPrefix }
            try self.init(SigningSecret.decode(text.dropFirst(SigningSecret.prefix.count)), .whsec)
        case .ed25519: self.init(trusted: try SigningSecret.curveKey(text), .ed25519)
        }
    }

    private init(_ key: [UInt8], _ form: SecretForm) throws(SigningSecretError) {
        guard form.keyBytes.contains(key.count) else { throw .wrongLength(key.count, wanted: form.keyBytes) }
        self.init(trusted: key, form)
    }

    private init(trusted key: [UInt8], _ form: SecretForm) {
        self.key = key
        self.form = form
    }

    private static func decode(_ text: some StringProtocol) throws(SigningSecretError) -> [UInt8] {
        guard let bytes = Base64.decode(text) else { throw .notBase64 }
        return bytes
    }

    private static func curveKey(_ text: some StringProtocol) throws(SigningSecretError) -> [UInt8] {
        let isPublic = text.hasPrefix(publicPrefix)
        guard isPublic || text.hasPrefix(privatePrefix) else { throw .wrongCurvePrefix }
        let bytes = try decode(text.dropFirst(privatePrefix.count))
        if isPublic {
            guard bytes.count == Ed25519Key.publicBytes else { throw .wrongLength(bytes.count, wanted: 32...32) }
            return bytes
        }
        guard bytes.count == 32 || bytes.count == 64 else { throw .wrongLength(bytes.count, wanted: 32...64) }
        let seed = Array(bytes[..<Ed25519Key.seedBytes])
        let pair = seed + Ed25519Key.publicKey(seed: seed)
        guard bytes.count == seed.count || bytes == pair else { throw .halvesDiffer }
        return pair
    }

    /// A new secret of 32 random bytes.
    public static func generate(_ form: SecretForm = .whsec) -> SigningSecret {
        let bytes = SecureRandom.bytes(32)
        switch form {
        case .raw: return SigningSecret(trusted: Array(Base64.encode(bytes).utf8), form)
        case .base64, .whsec: return SigningSecret(trusted: bytes, form)
        case .ed25519: return SigningSecret(trusted: bytes + Ed25519Key.publicKey(seed: bytes), form)
        }
    }

    /// The written form, for showing a secret once and for storing it sealed.
    public func reveal() -> String {
        switch form {
        case .raw: String(decoding: key, as: UTF8.self)
        case .base64: Base64.encode(key)
        case .whsec: SigningSecret.prefix + Base64.encode(key)
        case .ed25519: (canSign ? SigningSecret.privatePrefix : SigningSecret.publicPrefix) + Base64.encode(key)
        }
    }

    /// False for the public half of an Ed25519 pair.
    public var canSign: Bool { form != .ed25519 || key.count > Ed25519Key.publicBytes }

    /// What receivers need of an Ed25519 pair (`whpk_…`); nil for other secrets.
    public var publicHalf: SigningSecret? {
        form == .ed25519 ? SigningSecret(trusted: Array(key.suffix(Ed25519Key.publicBytes)), .ed25519) : nil
    }
}

extension SigningSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(form.rawValue) <redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a written secret, or a set of secrets, cannot be used. The message never contains any of the secret.
public enum SigningSecretError: Error, Equatable, Sendable, CustomStringConvertible {
    case wrongPrefix
    case wrongCurvePrefix
    case notBase64
    case notVisible
    /// With the bytes found.
    case wrongLength(Int, wanted: ClosedRange<Int>)
    /// An Ed25519 pair whose public half belongs to another seed.
    case halvesDiffer
    case noSecret
    /// With the secrets found.
    case tooManySecrets(Int)
    /// Secrets of one set must have the same form.
    case mixedForms
    case newestExpires
    /// A public key was given where messages are to be signed.
    case cannotSign

    public var description: String {
        switch self {
        case .wrongPrefix: "a signing secret must begin with whsec_"
        case .wrongCurvePrefix: "an Ed25519 key must begin with whsk_ (to sign) or whpk_ (to verify)"
        case .notBase64:
            "the secret, or the text after its prefix, is not base64 (A-Z a-z 0-9 + /, padded with = to a multiple of four)"
        case .notVisible: "the secret contains characters other than visible ASCII"
        case .wrongLength(let count, let wanted):
            "a signing secret must have \(wanted.lowerBound) to \(wanted.upperBound) bytes, not \(count)"
        case .halvesDiffer: "the last 32 bytes of the Ed25519 key are not the public key of its first 32"
        case .noSecret: "at least one signing secret is needed"
        case .tooManySecrets(let count): "\(count) live secrets; at most \(SecretSet.most) are allowed"
        case .mixedForms: "live secrets must all have the same form"
        case .newestExpires: "the first secret is the newest and must not expire: only older ones may"
        case .cannotSign: "a public key (whpk_) cannot sign; expected the pair (whsk_)"
        }
    }
}
