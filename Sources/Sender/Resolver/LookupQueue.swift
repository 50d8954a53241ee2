import DequeModule
package import WebhookModel

/// A name to look up, and the tenant that needs it.
package struct NameLookup: Sendable, Equatable {
    package let host: String
    package let tenant: TenantNumber

    package init(host: String, tenant: TenantNumber) {
        self.host = host
        self.tenant = tenant
    }
}

/// Decides which look-up is next: tenants take turns, each with a limited number under way, so that one tenant's dead
/// name servers occupy few threads.
package struct LookupQueue<Item: Sendable>: Sendable {
    private struct Line: Sendable {
        var items = Deque<Item>()
        var out = 0
        var hasTurn = false
    }

    private let perTenant: Int
    private var lines: [TenantNumber: Line] = [:]
    /// Tenants that have a waiting look-up and may start it, each once.
    private var turns = Deque<TenantNumber>()

    /// - Parameter perTenant: the number of look-ups of one tenant under way.
    package init(perTenant: Int) { self.perTenant = perTenant }

    package mutating func append(_ item: Item, for tenant: TenantNumber) {
        lines[tenant, default: Line()].items.append(item)
        giveTurn(tenant)
    }

    /// Takes the next look-up; `finished` must follow.
    package mutating func next() -> (item: Item, tenant: TenantNumber)? {
        guard let tenant = turns.popFirst(), var line = lines[tenant], let item = line.items.popFirst() else {
            return nil
        }
        line.out += 1
        line.hasTurn = false
        lines[tenant] = line
        giveTurn(tenant)
        return (item, tenant)
    }

    package mutating func finished(_ tenant: TenantNumber) {
        guard var line = lines[tenant] else { return }
        line.out -= 1
        lines[tenant] = line.out == 0 && line.items.isEmpty ? nil : line
        giveTurn(tenant)
    }

    private mutating func giveTurn(_ tenant: TenantNumber) {
        guard let line = lines[tenant], !line.hasTurn, !line.items.isEmpty, line.out < perTenant else { return }
        lines[tenant]?.hasTurn = true
        turns.append(tenant)
    }
}
