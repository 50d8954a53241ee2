/// How a message is signed, as data: what senders write and receivers check.
///
/// A preset (``all``), or a custom scheme. If its header value can hold a list (``separator``), the message has a
/// signature of every live secret. If the value holds a single signature, it is that of the newest secret.
public struct SignatureScheme: Sendable, Hashable {
    /// A header that every message carries.
    public struct Header: Sendable, Hashable {
        public let name: String
        /// With `{signature}`, `{id}`, `{timestamp}`, `{type}`.
        public let value: MessageTemplate

        public init(_ name: String, _ value: MessageTemplate) {
            self.name = name
            self.value = value
        }
    }

    public enum Algorithm: String, Sendable, CaseIterable {
        /// HMAC (RFC 2104) with SHA-256, SHA-1 or SHA-512. SHA-1 is for old receivers only.
        case sha256, sha1, sha512
        /// RFC 8032.
        case ed25519

        /// Bytes of a signature before it is encoded.
        var signatureBytes: Int {
            switch self {
            case .sha1: 20
            case .sha256: 32
            case .sha512, .ed25519: 64
            }
        }
    }

    public enum Encoding: String, Sendable, CaseIterable {
        /// Lower-case digits.
        case hex
        /// RFC 4648 section 4, padded.
        case base64

        func length(of bytes: Int) -> Int {
            switch self {
            case .hex: 2 * bytes
            case .base64: (bytes + 2) / 3 * 4
            }
        }
    }

    /// The preset's name in settings and provisioning files; `custom` for a custom scheme.
    public let name: String
    public let headers: [Header]
    /// What is signed: with `{body}`, `{id}`, `{timestamp}`, `{type}`.
    public let signs: MessageTemplate
    public let algorithm: Algorithm
    public let encoding: Encoding
    public let secretForm: SecretForm
    /// The text before each signature.
    public let prefix: String
    /// The text between signatures; nil: the value holds one signature.
    public let separator: String?

    /// Whether the signature covers the time, so that an old message can be detected.
    public var signsTime: Bool { signs.variables.contains(.timestamp) }

    /// Whether a header tells the message's id, by which a receiver recognises a message that comes again.
    public var carriesID: Bool { headers.contains { $0.value.variables.contains(.id) } }

    /// The header whose value is the message's id and nothing else; nil: the scheme has none.
    public var idHeader: String? { headers.first { $0.value.text == "{id}" }?.name.lowercased() }

    /// Bytes of one signature with its prefix.
    var entryBytes: Int { prefix.utf8.count + encoding.length(of: algorithm.signatureBytes) }

    /// A custom scheme, checked: it can be sent, and receivers can verify it from headers and body alone.
    ///
    /// - Throws: the first rule that it breaks.
    public init(
        headers: [Header], signs: MessageTemplate, algorithm: Algorithm = .sha256, encoding: Encoding = .hex,
        secretForm: SecretForm = .raw, prefix: String = "", separator: String? = nil
    ) throws(SignatureSchemeError) {
        try self.init(
            name: SignatureScheme.customName, headers: headers, signs: signs, algorithm: algorithm, encoding: encoding,
            secretForm: secretForm, prefix: prefix, separator: separator)
    }

    static let customName = "custom"

    init(
        name: String, headers: [Header], signs: MessageTemplate, algorithm: Algorithm, encoding: Encoding,
        secretForm: SecretForm, prefix: String, separator: String?
    ) throws(SignatureSchemeError) {
        self.name = name
        self.headers = headers
        self.signs = signs
        self.algorithm = algorithm
        self.encoding = encoding
        self.secretForm = secretForm
        self.prefix = prefix
        self.separator = separator
        try SchemeRules.check(self)
    }
}
