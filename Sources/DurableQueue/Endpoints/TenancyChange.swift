public import Store
public import WebhookModel

/// A change of tenants, keys or endpoints. The provisioning file and the API use the same changes.
///
/// `ifRevision` names the revision that a change applies to: nil applies to any, 0 only where there is no such row yet. A row with another
/// revision refuses the change (`TenancyError.revisionMismatch`), so that no update is lost.
public enum TenancyChange: Sendable {
    case putTenant(
        name: String, enabled: Bool, settings: Tenant.Settings = Tenant.Settings(), origin: Origin,
        ifRevision: UInt64? = nil)
    case putEndpoint(
        tenant: String, name: String, settings: Endpoint.Settings, origin: Origin, ifRevision: UInt64? = nil)
    /// Nothing more is sent to it, and its name is free. Its deliveries wait for `Limits.removedHoldMilliseconds`: until then an
    /// endpoint that is created under its name gets them. After that they become dead letters (`endpointRemoved`).
    case removeEndpoint(tenant: String, name: String, ifRevision: UInt64? = nil)
    case putAPIKey(
        name: String, tenants: KeyTenants, settings: APIKey.Settings, origin: Origin, ifRevision: UInt64? = nil)
    case removeAPIKey(name: String, ifRevision: UInt64? = nil)

    /// Whose events a key may publish, by name.
    public enum KeyTenants: Sendable, Equatable {
        case all
        case only([String])
    }
}

/// What a change came to: the row as it is now.
public enum TenancyResult: Sendable {
    case tenant(Stored<Tenant>)
    case endpoint(Stored<EndpointRow>)
    /// - Parameter number: the key's, which stays the same while its settings change.
    case key(Stored<APIKey>, number: UInt32)
    case endpointRemoved(EndpointNumber)
    case keyRemoved(UInt32)

    /// The revision of the row; nil where it was removed.
    public var revision: UInt64? {
        switch self {
        case .tenant(let row): row.revision
        case .endpoint(let row): row.revision
        case .key(let row, _): row.revision
        case .endpointRemoved, .keyRemoved: nil
        }
    }
}

/// Why a command was refused. Nothing of it was applied, unless `stopped` says otherwise.
public enum TenancyError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownTenant(String)
    case unknownEndpoint(tenant: String, name: String)
    case unknownAPIKey(String)
    case tooManyEndpoints(tenant: String)
    /// The row has another revision than the change names; 0: there is no such row.
    case revisionMismatch(name: String, expected: UInt64, found: UInt64)
    /// The store has no room; nothing changed.
    case storageFull
    /// A page that the command needs is damaged. Parts of it may be durable.
    case damaged
    /// The queue ended before the command was answered. Parts of it may be durable.
    case stopped

    public var description: String {
        switch self {
        case .unknownTenant(let name): "unknown tenant \"\(name)\"; create it first"
        case .unknownEndpoint("", let name): "unknown endpoint \"\(name)\"; no tenant has one of this name"
        case .unknownEndpoint(let tenant, let name):
            "unknown endpoint \"\(name)\"; tenant \"\(tenant)\" has none of this name"
        case .unknownAPIKey(let name): "unknown API key \"\(name)\""
        case .tooManyEndpoints(let tenant):
            "too many endpoints for tenant \"\(tenant)\"; expected at most \(Limits.endpointsPerTenant)"
        case .revisionMismatch(let name, let expected, 0):
            "revision \(expected) of \"\(name)\" was expected, but it does not exist; create it without a revision"
        case .revisionMismatch(let name, let expected, let found):
            "revision \(expected) of \"\(name)\" was expected, but it has revision \(found); read it again and repeat the change"
        case .storageFull: "the store is full; free disk space or raise queue.map_size"
        case .damaged:
            "a page of the store that the command needs is damaged; parts of it may have been applied; see \"damaged\" in the Runbook"
        case .stopped: "the queue stopped before the command was answered; parts of it may have been applied"
        }
    }
}
