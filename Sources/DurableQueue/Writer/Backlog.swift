package import WebhookModel

/// How many deliveries are pending, by endpoint and by tenant: exact, for a tenant at its limit takes no more events for the time being.
///
/// A removed endpoint's deliveries count no longer. What a transaction makes is only planned until `commit`; a transaction that failed is
/// forgotten by the next `begin`.
package struct Backlog {
    private struct Account {
        var tenant: TenantNumber
        var pending: Int
    }

    private struct Level {
        var pending = 0
        var planned = 0
        var limit = Int.max
        /// It reached its limit and has not fallen far enough since.
        var isOver = false
    }

    // By number, which is dense.
    private var endpoints: [Account?] = []
    private var tenants: [Level] = []
    private var planned: [EndpointNumber] = []

    /// Tenants that reached their limit, or fell below it, since the last look.
    package private(set) var news: [(tenant: TenantNumber, isOver: Bool)] = []

    package init() {}

    // MARK: Who there is

    package mutating func put(_ tenant: TenantNumber, limit: Int) {
        let index = Int(tenant.value)
        while tenants.count <= index { tenants.append(Level()) }
        tenants[index].limit = limit
    }

    /// Makes an endpoint known, after its tenant.
    ///
    /// - Parameter pending: what waits for one that is new here.
    package mutating func put(_ endpoint: EndpointNumber, of tenant: TenantNumber, pending: Int = 0) {
        let index = Int(endpoint.value)
        while endpoints.count <= index { endpoints.append(nil) }
        guard endpoints[index] == nil else { return }
        endpoints[index] = Account(tenant: tenant, pending: pending)
        tenants[Int(tenant.value)].pending += pending
    }

    package mutating func remove(_ endpoint: EndpointNumber) {
        guard let account = account(endpoint) else { return }
        tenants[Int(account.tenant.value)].pending -= account.pending
        endpoints[Int(endpoint.value)] = nil
    }

    // MARK: Levels

    package func pending(of tenant: TenantNumber) -> Int {
        Int(tenant.value) < tenants.count ? tenants[Int(tenant.value)].pending : 0
    }

    /// Whether the tenant takes another event. Once it is over it does only when a twentieth of its limit is free again, so that it is
    /// not told yes and no in turn.
    package mutating func admits(_ tenant: TenantNumber) -> Bool {
        let index = Int(tenant.value)
        guard index < tenants.count, tenants[index].limit < .max else { return true }
        let level = tenants[index]
        let isOver = level.pending + level.planned >= (level.isOver ? level.limit - level.limit / 20 : level.limit)
        if isOver != level.isOver {
            tenants[index].isOver = isOver
            news.append((tenant, isOver))
        }
        return !isOver
    }

    package mutating func takeNews() -> [(tenant: TenantNumber, isOver: Bool)] {
        defer { news = [] }
        return news
    }

    // MARK: A transaction

    package mutating func begin() {
        for endpoint in planned {
            if let account = account(endpoint) { tenants[Int(account.tenant.value)].planned = 0 }
        }
        planned.removeAll(keepingCapacity: true)
    }

    /// A delivery is made.
    package mutating func plan(_ endpoint: EndpointNumber) {
        guard let account = account(endpoint) else { return }
        tenants[Int(account.tenant.value)].planned += 1
        planned.append(endpoint)
    }

    /// What was planned is durable.
    package mutating func commit() {
        for endpoint in planned {
            let index = Int(endpoint.value)
            endpoints[index]!.pending += 1
            let tenant = Int(endpoints[index]!.tenant.value)
            tenants[tenant].pending += 1
            tenants[tenant].planned = 0
        }
        planned.removeAll(keepingCapacity: true)
    }

    /// A delivery became final, durably.
    package mutating func finished(_ endpoint: EndpointNumber) {
        guard let account = account(endpoint) else { return }
        endpoints[Int(endpoint.value)]!.pending -= 1
        tenants[Int(account.tenant.value)].pending -= 1
    }

    private func account(_ endpoint: EndpointNumber) -> Account? {
        let index = Int(endpoint.value)
        return index < endpoints.count ? endpoints[index] : nil
    }
}
