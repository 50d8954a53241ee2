import Store
import WebhookModel

/// Tenants, endpoints and keys in the writer's memory, and the numbers to give next. Pure: `apply` plans on a copy.
struct TenancyState {
    var counters: Counters
    private(set) var tenants: [TenantNumber: Stored<Tenant>] = [:]
    private(set) var endpoints: [EndpointNumber: Stored<EndpointRow>] = [:]
    private(set) var keys: [UInt32: Stored<APIKey>] = [:]
    private var tenantNumbers: [String: TenantNumber] = [:]
    private var endpointNumbers: [TenantNumber: [String: EndpointNumber]] = [:]
    /// The server's: for endpoints and tenants that have no policy.
    private let retry: RetryPolicy

    init(_ recovered: RecoveredState, retry: RetryPolicy) {
        self.retry = retry
        counters = recovered.counters
        for tenant in recovered.tenants { insert(tenant) }
        for endpoint in recovered.endpoints { insert(endpoint) }
        keys = recovered.keys
    }

    /// A row to write or to remove, in the words of the store.
    enum Edit {
        case tenant(Stored<Tenant>)
        case endpoint(Stored<EndpointRow>)
        case removeEndpoint(EndpointNumber)
        case key(Stored<APIKey>, number: UInt32)
        case removeKey(UInt32)
    }

    /// Applies a change and says what must be written; nothing where it changes nothing.
    mutating func apply(_ change: TenancyChange) throws(TenancyError) -> [Edit] {
        switch change {
        case .putTenant(let name, let enabled, let settings, let origin): putTenant(name, enabled, settings, origin)
        case .putEndpoint(let tenant, let name, let settings, let origin):
            try putEndpoint(tenant, name, settings, origin)
        case .removeEndpoint(let tenant, let name): try removeEndpoint(tenant, name)
        case .putAPIKey(let name, let tenants, let settings, let origin):
            try putKey(name, tenants, settings, origin)
        case .removeAPIKey(let name): try removeKey(name)
        }
    }

    private mutating func putTenant(
        _ name: String, _ enabled: Bool, _ settings: Tenant.Settings, _ origin: Origin
    ) -> [Edit] {
        let number = tenantNumbers[name] ?? TenantNumber(counters.nextTenant)
        if tenantNumbers[name] == nil { counters.nextTenant += 1 }
        let row = Stored(Tenant(number: number, name: name, enabled: enabled, settings: settings), origin: origin)
        if let present = tenants[number], present.value == row.value, present.origin == origin { return [] }
        insert(row)
        return [.tenant(row)]
    }

    private mutating func putEndpoint(
        _ tenantName: String, _ name: String, _ settings: Endpoint.Settings, _ origin: Origin
    ) throws(TenancyError) -> [Edit] {
        guard let tenant = tenantNumbers[tenantName] else { throw .unknownTenant(tenantName) }
        let present = endpoint(named: name, of: tenant)
        if present == nil, endpointNumbers[tenant, default: [:]].count >= Limits.endpointsPerTenant {
            throw .tooManyEndpoints(tenant: tenantName)
        }
        let number = present?.value.number ?? EndpointNumber(counters.nextEndpoint)
        if present == nil { counters.nextEndpoint += 1 }
        let row = Stored(EndpointRow(number: number, tenant: tenant, name: name, settings: settings), origin: origin)
        if let present, present.value == row.value, present.origin == origin { return [] }
        insert(row)
        return [.endpoint(row)]
    }

    private mutating func removeEndpoint(_ tenantName: String, _ name: String) throws(TenancyError) -> [Edit] {
        let present = try endpoint(named: name, ofTenant: tenantName)
        endpoints[present.value.number] = nil
        endpointNumbers[present.value.tenant]?[name] = nil
        return [.removeEndpoint(present.value.number)]
    }

    private mutating func putKey(
        _ name: String, _ tenants: TenancyChange.KeyTenants, _ settings: APIKey.Settings, _ origin: Origin
    ) throws(TenancyError) -> [Edit] {
        var resolved = APIKey.Tenants.all
        if case .only(let names) = tenants {
            var numbers: [TenantNumber] = []
            for name in names {
                guard let number = tenantNumbers[name] else { throw .unknownTenant(name) }
                numbers.append(number)
            }
            resolved = .only(numbers)
        }
        let row = Stored(APIKey(name: name, tenants: resolved, settings: settings), origin: origin)
        let present = keys.first { $0.value.value.name == name }
        if let present, present.value.value == row.value, present.value.origin == origin { return [] }
        let number = present?.key ?? counters.nextAPIKey
        if present == nil { counters.nextAPIKey += 1 }
        keys[number] = row
        return [.key(row, number: number)]
    }

    private mutating func removeKey(_ name: String) throws(TenancyError) -> [Edit] {
        guard let present = keys.first(where: { $0.value.value.name == name }) else { throw .unknownAPIKey(name) }
        keys[present.key] = nil
        return [.removeKey(present.key)]
    }

    private mutating func insert(_ tenant: Stored<Tenant>) {
        tenants[tenant.value.number] = tenant
        tenantNumbers[tenant.value.name] = tenant.value.number
    }

    private mutating func insert(_ endpoint: Stored<EndpointRow>) {
        endpoints[endpoint.value.number] = endpoint
        endpointNumbers[endpoint.value.tenant, default: [:]][endpoint.value.name] = endpoint.value.number
    }

    private func endpoint(named name: String, of tenant: TenantNumber) -> Stored<EndpointRow>? {
        endpointNumbers[tenant]?[name].flatMap { endpoints[$0] }
    }

    func endpoint(named name: String, ofTenant tenantName: String) throws(TenancyError) -> Stored<EndpointRow> {
        guard let tenant = tenantNumbers[tenantName] else { throw .unknownTenant(tenantName) }
        guard let present = endpoint(named: name, of: tenant) else {
            throw .unknownEndpoint(tenant: tenantName, name: name)
        }
        return present
    }

    var directory: TenantDirectory {
        TenantDirectory(
            tenants: tenants.values.map(\.value).sorted { $0.number < $1.number }, keys: keys.values.map(\.value))
    }

    var snapshot: TenancySnapshot {
        var snapshot = TenancySnapshot()
        snapshot.tenants = tenants.values.sorted { $0.value.number < $1.value.number }
        snapshot.endpoints = endpoints.values.sorted { $0.value.number < $1.value.number }
        snapshot.keys = keys.sorted { $0.key < $1.key }.map(\.value)
        return snapshot
    }

    /// An endpoint as other rooms see it.
    func endpoint(_ row: EndpointRow) -> Endpoint {
        let tenant = tenants[row.tenant]?.value
        let inherited = Endpoint.Inherited(
            retry: tenant?.settings.retry ?? retry, tenantWeight: tenant?.settings.weight ?? 1)
        return Endpoint(
            number: row.number, tenant: row.tenant, tenantName: tenant?.name ?? "", name: row.name,
            settings: row.settings, inherited: inherited)
    }

    func isActive(_ row: EndpointRow) -> Bool {
        row.settings.enabled && row.disabled == nil && tenants[row.tenant]?.value.enabled == true
    }

    /// Replaces what we found out about an endpoint.
    mutating func replace(_ row: EndpointRow) {
        guard let present = endpoints[row.number] else { return }
        endpoints[row.number] = Stored(row, origin: present.origin)
    }

    /// A tenant's endpoints that get new deliveries.
    func routes(of tenant: TenantNumber) -> [Endpoint] {
        endpoints(of: tenant).filter { endpoints[$0.number]?.value.disabled == nil }
    }

    /// A tenant's endpoints by number, which is the order that the delivery table wants.
    func endpoints(of tenant: TenantNumber) -> [Endpoint] {
        endpointNumbers[tenant, default: [:]].values.sorted().compactMap { endpoints[$0] }.map { endpoint($0.value) }
    }
}
