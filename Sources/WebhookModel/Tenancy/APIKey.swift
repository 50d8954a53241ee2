/// A producer's key, as it is stored: never the key itself, only its SHA-256.
public struct APIKey: Sendable, Equatable {
    /// What the key opens.
    public enum Scope: Sendable, Equatable {
        case allTenants
        case tenants([TenantNumber])
    }

    /// A name for logs and for people; unique.
    public var name: String
    /// SHA-256 of the key's bytes: 32 bytes.
    public var digest: [UInt8]
    public var scope: Scope

    public init(name: String, digest: [UInt8], scope: Scope) {
        self.name = name
        self.digest = digest
        self.scope = scope
    }
}
