public import WebhookModel

/// An endpoint as a settings document describes it, validated.
public struct DesiredEndpoint: Sendable, Equatable {
    public var name: String
    public var settings: Endpoint.Settings

    public init(name: String, settings: Endpoint.Settings) {
        self.name = name
        self.settings = settings
    }
}

/// A tenant as a settings document describes it, validated.
public struct DesiredTenant: Sendable, Equatable {
    public var name: String
    public var enabled: Bool
    public var settings: Tenant.Settings
    public var endpoints: [DesiredEndpoint]

    public init(
        name: String, enabled: Bool = true, settings: Tenant.Settings = Tenant.Settings(),
        endpoints: [DesiredEndpoint] = []
    ) {
        self.name = name
        self.enabled = enabled
        self.settings = settings
        self.endpoints = endpoints
    }
}

/// An API key as a settings document describes it, validated. It holds the digest, never the key itself.
public struct DesiredKey: Sendable, Equatable {
    /// The tenants that a key is for, by name.
    public enum Tenants: Sendable, Equatable {
        case all
        case only([String])
    }

    public var name: String
    public var tenants: Tenants
    public var settings: APIKey.Settings

    public init(name: String, tenants: Tenants, settings: APIKey.Settings) {
        self.name = name
        self.tenants = tenants
        self.settings = settings
    }
}
