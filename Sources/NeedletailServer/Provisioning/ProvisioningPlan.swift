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
    public var endpoints: [DesiredEndpoint]

    public init(name: String, enabled: Bool = true, endpoints: [DesiredEndpoint] = []) {
        self.name = name
        self.enabled = enabled
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
    public enum Scope: Sendable, Equatable {
        case allTenants
        /// Names of tenants of the same plan.
        case tenants([String])
    }

    public var name: String
    /// SHA-256 of the key's bytes.
    public var digest: [UInt8]
    public var scope: Scope

    public init(name: String, digest: [UInt8], scope: Scope) {
        self.name = name
        self.digest = digest
        self.scope = scope
    }
}
