package import Scheduling
package import Store
package import WebhookModel

/// What the writer keeps of one tenant.
package struct TenantRecord: Vacatable {
    package static let vacant = TenantRecord(
        Stored(Tenant(number: TenantNumber(0), name: ""), origin: .api), backlogLimit: .max)

    package var row: Stored<Tenant>
    /// Its endpoints that get new deliveries.
    package var routes = TenantRoutes()
    /// All its endpoints, by name.
    package var endpoints: [String: EndpointNumber] = [:]
    /// Its removed endpoints, by name: created again, they go on where they ended.
    package var removed: [String: EndpointNumber] = [:]
    package var backlog: BacklogLevel
    /// Nil: its endpoints together have no rate.
    package var gate: RateGate?
    /// Endpoints that want a refill and wait for the gate, in the order in which they asked.
    package var waiting: [EndpointNumber] = []

    package init(_ row: Stored<Tenant>, backlogLimit: Int) {
        self.row = row
        backlog = BacklogLevel(limit: backlogLimit)
    }

    package var name: String { row.value.name }

    /// Takes the endpoints that waited for the gate.
    package mutating func takeWaiting() -> [EndpointNumber] {
        defer { waiting = [] }
        return waiting
    }
}
