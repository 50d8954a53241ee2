/// Seals secrets for the store, and opens them again.
///
/// Made from the operator's master key at assembly, so that the store and its writer need no cryptography.
public struct SecretSeal: Sendable {
    /// Where a sealed text belongs. It is authenticated with the text, so a row cannot be moved to another endpoint or
    /// field.
    public struct Place: Sendable, Hashable {
        public var tenant: TenantNumber
        public var endpoint: EndpointNumber
        public var field: String

        public init(tenant: TenantNumber, endpoint: EndpointNumber, field: String) {
            self.tenant = tenant
            self.endpoint = endpoint
            self.field = field
        }

        /// `tenant|endpoint|field`.
        public var bytes: [UInt8] { Array("\(tenant.value)|\(endpoint.value)|\(field)".utf8) }
    }

    public struct Opened: Sendable {
        public var text: String
        /// Whether the current key sealed it; if not, it should be sealed again.
        public var isCurrent: Bool

        public init(text: String, isCurrent: Bool) {
            self.text = text
            self.isCurrent = isCurrent
        }
    }

    public let seal: @Sendable (_ text: String, _ place: Place) -> [UInt8]
    public let open: @Sendable (_ sealed: [UInt8], _ place: Place) -> Result<Opened, SealError>

    public init(
        seal: @escaping @Sendable (_ text: String, _ place: Place) -> [UInt8],
        open: @escaping @Sendable (_ sealed: [UInt8], _ place: Place) -> Result<Opened, SealError>
    ) {
        self.seal = seal
        self.open = open
    }
}

/// Why a sealed text cannot be opened.
public enum SealError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text is sealed, and no key was given.
    case noKey
    /// With the id of the key that sealed it, in hex.
    case unknownKey(String)
    /// The bytes or the place differ from those that were sealed.
    case damaged

    public var description: String {
        switch self {
        case .noKey: "is sealed; set the master key (secrets.master_key_file or NEEDLETAIL_MASTER_KEY)"
        case .unknownKey(let id):
            "is sealed under the master key \(id), which is not available; name its file in secrets.master_key_file or secrets.previous_master_key_files"
        case .damaged: "does not open under the key that sealed it: its bytes or its place were changed"
        }
    }
}
