public import DurableQueue
public import WebhookModel

/// What a provisioning file wants the store to hold: tenants, endpoints and API keys, checked, in the order of the file.
///
/// Names are unique: tenants among each other, endpoints within their tenant, API keys among each other.
public struct ProvisioningPlan: Sendable, Equatable {
    public var tenants: [DesiredTenant]
    public var keys: [DesiredKey]

    public init(tenants: [DesiredTenant] = [], keys: [DesiredKey] = []) {
        self.tenants = tenants
        self.keys = keys
    }

    public var endpointCount: Int { tenants.reduce(0) { $0 + $1.endpoints.count } }
}

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

public struct DesiredEndpoint: Sendable, Equatable {
    public var name: String
    public var settings: Endpoint.Settings

    public init(name: String, settings: Endpoint.Settings) {
        self.name = name
        self.settings = settings
    }
}

/// An API key by its digest: the plan never holds the key itself.
public struct DesiredKey: Sendable, Equatable {
    public var name: String
    /// Names of tenants of the same plan.
    public var tenants: TenancyChange.KeyTenants
    public var settings: APIKey.Settings

    public init(name: String, tenants: TenancyChange.KeyTenants, settings: APIKey.Settings) {
        self.name = name
        self.tenants = tenants
        self.settings = settings
    }
}
