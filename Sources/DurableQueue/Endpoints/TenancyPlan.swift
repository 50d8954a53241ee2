package import Store
package import WebhookModel

/// A row that was written or removed. The registry and the published view follow it after its commit.
package enum TenancyEdit: Sendable {
    case tenant(Stored<Tenant>)
    case endpoint(Stored<EndpointRow>)
    /// An endpoint was removed: its row stays, with the time, and its deliveries wait for it to be created again.
    case retireEndpoint(Stored<EndpointRow>)
    /// The row of an endpoint that was removed long ago is gone.
    case removeEndpoint(EndpointNumber)
    case key(Stored<APIKey>, number: UInt32)
    case removeKey(UInt32)

    /// Ingest looks tenants and keys up: its directory is made again.
    var concernsIngest: Bool {
        switch self {
        case .tenant, .key, .removeKey: true
        case .endpoint, .retireEndpoint, .removeEndpoint: false
        }
    }
}

/// Changes of tenants, endpoints and keys that one transaction writes, planned beside the registry: it holds only what changes.
///
/// A copy is a plan that can be dropped: a command that is refused half-way leaves no trace.
package struct TenancyPlan {
    private struct EndpointName: Hashable {
        var tenant: TenantNumber
        var name: String
    }

    package private(set) var counters: Counters
    package private(set) var edits: [TenancyEdit] = []
    private var tenants: [String: Stored<Tenant>] = [:]
    private var endpoints: [EndpointName: Stored<EndpointRow>?] = [:]
    /// Those that this transaction removes.
    private var retired: [EndpointName: Stored<EndpointRow>] = [:]
    private var keys: [String: (number: UInt32, row: Stored<APIKey>?)] = [:]
    private var endpointsAdded: [TenantNumber: Int] = [:]

    /// The time of removals, Unix milliseconds.
    private let removedAt: Int64

    /// - Parameter removedAt: by which the hold of removed endpoints counts, Unix milliseconds.
    package init(counters: Counters, removedAt: Int64) {
        self.counters = counters
        self.removedAt = removedAt
    }

    /// Applies a change.
    ///
    /// - Parameters:
    ///   - registry: the state before this transaction.
    ///   - now: Unix milliseconds.
    /// - Returns: the row as it is then. A change that changes nothing adds no edit and keeps the revision.
    package mutating func apply(
        _ change: TenancyChange, beside registry: EndpointRegistry, now: Int64
    ) throws(TenancyError) -> TenancyResult {
        switch change {
        case .putTenant(let name, let enabled, let settings, let origin, let revision):
            try putTenant(name, enabled, settings, origin, revision, registry, now)
        case .putEndpoint(let tenant, let name, let settings, let origin, let revision):
            try putEndpoint(tenant, name, settings, origin, revision, registry, now)
        case .removeEndpoint(let tenant, let name, let revision):
            try removeEndpoint(tenant, name, revision, registry, now)
        case .putAPIKey(let name, let tenants, let settings, let origin, let revision):
            try putKey(name, tenants, settings, origin, revision, registry, now)
        case .removeAPIKey(let name, let revision):
            try removeKey(name, revision, registry)
        }
    }

    // MARK: Tenants

    private mutating func putTenant(
        _ name: String, _ enabled: Bool, _ settings: Tenant.Settings, _ origin: Origin, _ revision: UInt64?,
        _ registry: EndpointRegistry, _ now: Int64
    ) throws(TenancyError) -> TenancyResult {
        let present = tenant(name, registry)
        try TenancyPlan.check(revision, present?.revision, name)
        let number = present?.value.number ?? TenantNumber(counters.nextTenant)
        let value = Tenant(number: number, name: name, enabled: enabled, settings: settings)
        if let present, present.value == value, present.origin == origin { return .tenant(present) }
        if present == nil { counters.nextTenant += 1 }
        let row = TenancyPlan.next(value, origin, after: present, now)
        tenants[name] = row
        edits.append(.tenant(row))
        return .tenant(row)
    }

    private func tenant(_ name: String, _ registry: EndpointRegistry) -> Stored<Tenant>? {
        tenants[name] ?? registry.tenantNumber(named: name).flatMap { registry.tenant($0) }
    }

    // MARK: Endpoints

    private mutating func putEndpoint(
        _ tenantName: String, _ name: String, _ settings: Endpoint.Settings, _ origin: Origin, _ revision: UInt64?,
        _ registry: EndpointRegistry, _ now: Int64
    ) throws(TenancyError) -> TenancyResult {
        guard let tenant = tenant(tenantName, registry)?.value.number else { throw .unknownTenant(tenantName) }
        let present = endpoint(name, of: tenant, registry)
        try TenancyPlan.check(revision, present?.revision, name)
        if present == nil {
            let count =
                (registry.tenants[number: tenant.value]?.endpoints.count ?? 0) + endpointsAdded[tenant, default: 0]
            guard count < Limits.endpointsPerTenant else { throw .tooManyEndpoints(tenant: tenantName) }
        }
        // One that was removed goes on where it ended: with its number, and so with its deliveries.
        let former = present ?? removed(name, of: tenant, registry)
        let number = former?.value.number ?? EndpointNumber(counters.nextEndpoint)
        var value = EndpointRow(number: number, tenant: tenant, name: name, settings: settings)
        value.follow(former?.value)
        if let present, present.value == value, present.origin == origin { return .endpoint(present) }
        if former == nil { counters.nextEndpoint += 1 }
        if present == nil { endpointsAdded[tenant, default: 0] += 1 }
        let row = TenancyPlan.next(value, origin, after: former, now)
        endpoints[EndpointName(tenant: tenant, name: name)] = .some(row)
        edits.append(.endpoint(row))
        return .endpoint(row)
    }

    private mutating func removeEndpoint(
        _ tenantName: String, _ name: String, _ revision: UInt64?, _ registry: EndpointRegistry, _ now: Int64
    ) throws(TenancyError) -> TenancyResult {
        guard let tenant = tenant(tenantName, registry)?.value.number else { throw .unknownTenant(tenantName) }
        guard let present = endpoint(name, of: tenant, registry) else {
            throw .unknownEndpoint(tenant: tenantName, name: name)
        }
        try TenancyPlan.check(revision, present.revision, name)
        var value = present.value
        value.removedAt = min(removedAt, now)
        let row = TenancyPlan.next(value, present.origin, after: present, now)
        endpoints[EndpointName(tenant: tenant, name: name)] = .some(nil)
        retired[EndpointName(tenant: tenant, name: name)] = row
        endpointsAdded[tenant, default: 0] -= 1
        edits.append(.retireEndpoint(row))
        return .endpointRemoved(present.value.number)
    }

    private func endpoint(_ name: String, of tenant: TenantNumber, _ registry: EndpointRegistry) -> Stored<EndpointRow>?
    {
        if let planned = endpoints[EndpointName(tenant: tenant, name: name)] { return planned }
        return registry.tenants[number: tenant.value]?.endpoints[name].flatMap { registry.record($0)?.row }
    }

    /// An endpoint that was removed, in this transaction or before, and whose row is there still.
    private func removed(_ name: String, of tenant: TenantNumber, _ registry: EndpointRegistry) -> Stored<EndpointRow>?
    {
        if let row = retired[EndpointName(tenant: tenant, name: name)] { return row }
        return registry.tenants[number: tenant.value]?.removed[name].flatMap { registry.record($0)?.row }
    }

    // MARK: Keys

    private mutating func putKey(
        _ name: String, _ tenants: TenancyChange.KeyTenants, _ settings: APIKey.Settings, _ origin: Origin,
        _ revision: UInt64?, _ registry: EndpointRegistry, _ now: Int64
    ) throws(TenancyError) -> TenancyResult {
        var resolved = APIKey.Tenants.all
        if case .only(let names) = tenants {
            var numbers: [TenantNumber] = []
            for name in names {
                guard let number = tenant(name, registry)?.value.number else { throw .unknownTenant(name) }
                numbers.append(number)
            }
            resolved = .only(numbers)
        }
        let present = key(name, registry)
        try TenancyPlan.check(revision, present?.row.revision, name)
        let value = APIKey(name: name, tenants: resolved, settings: settings)
        if let present, present.row.value == value, present.row.origin == origin {
            return .key(present.row, number: present.number)
        }
        let number = present?.number ?? counters.nextAPIKey
        if present == nil { counters.nextAPIKey += 1 }
        let row = TenancyPlan.next(value, origin, after: present?.row, now)
        keys[name] = (number, row)
        edits.append(.key(row, number: number))
        return .key(row, number: number)
    }

    private mutating func removeKey(
        _ name: String, _ revision: UInt64?, _ registry: EndpointRegistry
    ) throws(TenancyError) -> TenancyResult {
        guard let present = key(name, registry) else { throw .unknownAPIKey(name) }
        try TenancyPlan.check(revision, present.row.revision, name)
        keys[name] = (present.number, nil)
        edits.append(.removeKey(present.number))
        return .keyRemoved(present.number)
    }

    private func key(_ name: String, _ registry: EndpointRegistry) -> (number: UInt32, row: Stored<APIKey>)? {
        if let planned = keys[name] { return planned.row.map { (planned.number, $0) } }
        guard let number = registry.keyNumber(named: name), let row = registry.keys[number] else { return nil }
        return (number, row)
    }

    // MARK: Revisions

    private static func check(_ expected: UInt64?, _ found: UInt64?, _ name: String) throws(TenancyError) {
        guard let expected, expected != found ?? 0 else { return }
        throw .revisionMismatch(name: name, expected: expected, found: found ?? 0)
    }

    private static func next<Value>(
        _ value: Value, _ origin: Origin, after present: Stored<Value>?, _ now: Int64
    ) -> Stored<Value> {
        Stored(
            value, origin: origin, revision: (present?.revision ?? 0) + 1, createdAt: present?.createdAt ?? now,
            updatedAt: now)
    }
}

extension EndpointRow {
    /// What was found out about a destination goes on as long as the URL is the same. Writing the settings of an endpoint that the server
    /// disabled enables it, and its failures are forgotten.
    fileprivate mutating func follow(_ former: EndpointRow?) {
        guard let former, former.settings.url == settings.url else { return }
        heldUntil = former.heldUntil
        if former.disabled == nil { failing = former.failing }
    }
}
