import Access
public import Store
import WebhookModel

/// A stored event as clients see it.
public struct StoredEventView: Sendable {
    /// The tenant's name.
    public var tenant: String
    public var stored: StoredEvent
}

// Stored events: list, get.
extension ManagementDesk {
    /// Events, the newest first.
    ///
    /// - Parameters:
    ///   - query: its `tenants` are set here.
    ///   - tenant: of this tenant only, by name.
    public func events(
        _ query: EventQuery, of tenant: String? = nil, _ request: ListRequest, for caller: Caller
    ) throws(ManagementError) -> Listing<StoredEventView> {
        try caller.require(.readEvents)
        var query = query
        query.tenants = try caller.tenants(named: tenant)
        let wanted = query
        let list =
            "events of \(tenant ?? "") \(query.since ?? 0) \(query.until ?? 0) \(query.types?.text ?? "") \(query.correlationID ?? "")"
        let page = try page(list, for: caller, request) { (snapshot, request) throws(StoreReadError) in
            try snapshot.events(wanted, request)
        }
        var names = RowNames()
        var rows: [StoredEventView] = []
        for stored in page.rows {
            rows.append(StoredEventView(tenant: try names.tenant(stored.tenant, self), stored: stored))
        }
        return Listing(rows: rows, next: page.next)
    }

    /// An event by its id. Where tenants of the key share the id, the newest event.
    ///
    /// - Parameter tenant: of this tenant, by name.
    public func event(
        _ id: String, of tenant: String? = nil, for caller: Caller
    ) throws(ManagementError) -> StoredEventView {
        try caller.require(.readEvents)
        let stored = try storedEvent(id, of: tenant, visibleTo: caller)
        return StoredEventView(tenant: try tenantName(stored.tenant), stored: stored)
    }

    /// For use cases that have checked their own scope.
    func storedEvent(
        _ id: String, of tenant: String?, visibleTo caller: Caller
    ) throws(ManagementError) -> StoredEvent {
        guard let number = EventID(webhookID: Array(id.utf8)) else { throw .notFound("event") }
        let tenants = try caller.tenants(named: tenant)
        let found = try read { (snapshot) throws(StoreReadError) in try snapshot.events(number) }
        return try caller.only(found.first { tenants?.contains($0.tenant) ?? true }, a: "event") { $0.tenant }
    }
}

/// Names that a page shows, each looked up once.
struct RowNames {
    private var tenants: [TenantNumber: String] = [:]
    private var endpoints: [EndpointNumber: EndpointLabel?] = [:]

    mutating func tenant(_ number: TenantNumber, _ desk: ManagementDesk) throws(ManagementError) -> String {
        if let known = tenants[number] { return known }
        let name = try desk.tenantName(number)
        tenants[number] = name
        return name
    }

    /// Nil: the endpoint's row is gone.
    mutating func endpoint(
        _ number: EndpointNumber, _ desk: ManagementDesk
    ) throws(ManagementError) -> EndpointLabel? {
        if let known = endpoints[number] { return known }
        let label = try desk.read { (snapshot) throws(StoreReadError) in try snapshot.endpointLabel(number) }
        endpoints[number] = .some(label)
        return label
    }
}

extension Subscription {
    /// For the context of cursors.
    var text: String { patterns.map(\.text).joined(separator: ",") }
}
