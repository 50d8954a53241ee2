public import Store
public import WebhookModel

/// A change of tenants, keys or endpoints. The provisioning file and the API say the same words.
public enum TenancyChange: Sendable {
    case putTenant(name: String, enabled: Bool, settings: Tenant.Settings = Tenant.Settings(), origin: Origin)
    case putEndpoint(tenant: String, name: String, settings: Endpoint.Settings, origin: Origin)
    /// Its waiting deliveries are cancelled.
    case removeEndpoint(tenant: String, name: String)
    case putAPIKey(name: String, tenants: KeyTenants, settings: APIKey.Settings, origin: Origin)
    case removeAPIKey(name: String)

    /// Whose events a key may publish, by name.
    public enum KeyTenants: Sendable, Equatable {
        case all
        case only([String])
    }
}

/// Why a change was refused. Nothing of its command was applied.
public enum TenancyError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownTenant(String)
    case unknownEndpoint(tenant: String, name: String)
    case unknownAPIKey(String)
    case tooManyEndpoints(tenant: String)
    /// The store has no room; nothing changed.
    case storageFull
    /// The queue is shutting down.
    case stopped

    public var description: String {
        switch self {
        case .unknownTenant(let name): "there is no tenant “\(name)”"
        case .unknownEndpoint("", let name): "no tenant has an endpoint “\(name)”"
        case .unknownEndpoint(let tenant, let name): "tenant “\(tenant)” has no endpoint “\(name)”"
        case .unknownAPIKey(let name): "there is no API key “\(name)”"
        case .tooManyEndpoints(let tenant):
            "tenant “\(tenant)” would have more than \(Limits.endpointsPerTenant) endpoints"
        case .storageFull: "the store is full; free disk space or raise queue.map_size"
        case .stopped: "the queue is shutting down"
        }
    }
}

/// Tenants, endpoints and keys as they are now: for those who compare or show them.
public struct TenancySnapshot: Sendable {
    public var tenants: [Stored<Tenant>] = []
    public var endpoints: [Stored<EndpointRow>] = []
    public var keys: [Stored<APIKey>] = []

    public init() {}
}
