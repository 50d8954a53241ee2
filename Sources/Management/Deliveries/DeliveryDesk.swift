import Access
public import Store
import WebhookModel

// Deliveries: list, get, those of an event, the attempts of one.
extension ManagementDesk {
    /// Deliveries, those of the newest events first.
    ///
    /// - Parameters:
    ///   - query: its `tenants` and `endpoint` are set here.
    ///   - tenant: of this tenant only, by name.
    ///   - webhook: of this webhook only, by its id. One that was removed is found as long as its row is kept.
    public func deliveries(
        _ query: DeliveryQuery, of tenant: String? = nil, webhook: String? = nil, _ request: ListRequest,
        for caller: Caller
    ) throws(ManagementError) -> Listing<Delivery> {
        try caller.require(.readDeliveries)
        var query = query
        query.tenants = try caller.tenants(named: tenant)
        if let webhook {
            let label = try webhookLabel(webhook, visibleTo: caller)
            query.endpoint = label.number
        }
        let wanted = query
        let page = try page("deliveries \(query.context)", for: caller, request) {
            (snapshot, request) throws(StoreReadError) in
            try snapshot.deliveries(wanted, request)
        }
        return Listing(rows: try shown(page.rows), next: page.next)
    }

    /// The deliveries of an event.
    ///
    /// - Parameter tenant: of the event of this tenant, by name.
    public func deliveries(
        ofEvent id: String, of tenant: String? = nil, _ request: ListRequest, for caller: Caller
    ) throws(ManagementError) -> Listing<Delivery> {
        try caller.require(.readDeliveries)
        let event = try storedEvent(id, of: tenant, visibleTo: caller)
        var query = DeliveryQuery()
        query.event = EventID(webhookID: Array(id.utf8))
        query.tenants = [event.tenant]
        let wanted = query
        let page = try page("deliveries of \(id) \(event.tenant.value)", for: caller, request) {
            (snapshot, request) throws(StoreReadError) in
            try snapshot.deliveries(wanted, request)
        }
        return Listing(rows: try shown(page.rows), next: page.next)
    }

    public func delivery(_ id: String, for caller: Caller) throws(ManagementError) -> Delivery {
        try caller.require(.readDeliveries)
        return try delivery(id, visibleTo: caller)
    }

    /// The attempts of a delivery, the last one first. A delivery that was sent in a batch has those of its batch.
    public func attempts(
        of id: String, _ request: ListRequest, for caller: Caller
    ) throws(ManagementError) -> Listing<DeliveryAttempt> {
        try caller.require(.readDeliveries)
        var number = try delivery(id, visibleTo: caller).listed.id
        let row = try read { (snapshot) throws(StoreReadError) in try snapshot.delivery(number) }
        if case .batch(let leader)? = row?.bond, leader.value > 0 {
            number = DeliveryID(position: leader, endpoint: number.endpoint)
        }
        let recorded = number
        let page = try page("attempts of \(id)", for: caller, request) { (snapshot, request) throws(StoreReadError) in
            try snapshot.latestAttempts(of: recorded, request)
        }
        let showsAnswer = caller.may(.readEvents)
        let rows = page.rows.map { stored in
            DeliveryAttempt(
                id: ids.attempt(stored.delivery, stored.attempt), delivery: ids.delivery(stored.delivery),
                stored: stored, showsAnswer: showsAnswer)
        }
        return Listing(rows: rows, next: page.next)
    }

    // MARK: For use cases that have checked their own scope

    func delivery(_ id: String, visibleTo caller: Caller) throws(ManagementError) -> Delivery {
        guard let number = ids.delivery(id) else { throw .notFound("delivery") }
        let found = try read { (snapshot) throws(StoreReadError) in try snapshot.deliveryListed(number) }
        let listed = try caller.only(found, a: "delivery") { $0.tenant }
        return try shown([listed])[0]
    }

    /// A webhook, also one that was removed while its row is kept.
    func webhookLabel(_ id: String, visibleTo caller: Caller) throws(ManagementError) -> EndpointLabel {
        guard let number = ids.webhook(id) else { throw .notFound("webhook") }
        let label = try read { (snapshot) throws(StoreReadError) in try snapshot.endpointLabel(number) }
        return try caller.only(label, a: "webhook") { $0.tenant }
    }

    func shown(_ rows: [DeliveryListed]) throws(ManagementError) -> [Delivery] {
        var names = RowNames()
        var shown: [Delivery] = []
        for row in rows {
            let endpoint = try names.endpoint(row.id.endpoint, self)
            shown.append(
                Delivery(
                    id: ids.delivery(row.id), tenant: try names.tenant(row.tenant, self),
                    webhook: endpoint.map { (ids.webhook($0.number), $0.name) }, listed: row))
        }
        return shown
    }
}

extension Caller {
    /// Whether the key has a scope for this.
    func may(_ permission: Permission) -> Bool {
        key.refusal(of: permission, tenant: nil, wallMilliseconds: now) == nil
    }
}

extension DeliveryQuery {
    /// For the context of cursors: a cursor is valid for one set of filters.
    fileprivate var context: String {
        let numbers: [String?] = [
            tenants.map { "\($0.map(\.value).sorted())" }, endpoint.map { "\($0.value)" }, event?.webhookID,
            phases.map { "\($0.map(\.rawValue).sorted())" }, outcomes.map { "\($0.map(\.rawValue).sorted())" },
            status.map { "\($0)" }, since.map { "\($0)" }, until.map { "\($0)" },
        ]
        let texts: [String?] = [types?.text, correlationID, orderingKey]
        return (numbers + texts.map { $0.map { "\($0.utf8.count):\($0)" } }).map { $0 ?? "-" }
            .joined(separator: " ")
    }
}
