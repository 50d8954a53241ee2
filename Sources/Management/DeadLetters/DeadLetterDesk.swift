import Access
import DurableQueue
public import Store
public import WebhookModel

/// Which dead letters a client asks for, in names and ids.
public struct DeadLetterChoice: Sendable {
    /// The name of a tenant.
    public var tenant: String?
    /// The id of a webhook, or its name: without a tenant, those of this name of any.
    public var webhook: String?
    public var types: [Subscription.Pattern] = []
    /// How the last attempt ended: one of these.
    public var outcomes: Set<Outcome>?
    /// Dead since this time or later, Unix milliseconds.
    public var since: Int64?
    /// Dead before this time, Unix milliseconds.
    public var until: Int64?
    /// Ids of deliveries, or of events; one kind.
    public var ids: [String] = []

    public init() {}

    public var isEmpty: Bool {
        tenant == nil && webhook == nil && types.isEmpty && outcomes == nil && since == nil && until == nil
            && ids.isEmpty
    }

    /// For the context of cursors: a cursor is valid for one choice.
    fileprivate var context: String {
        let texts: [String?] = [
            tenant, webhook, types.map(\.text).joined(separator: ","), ids.joined(separator: ","),
        ]
        let numbers: [String?] = [
            outcomes.map { "\($0.map(\.rawValue).sorted())" }, since.map { "\($0)" }, until.map { "\($0)" },
        ]
        let parts: [String?] = texts.map { text in text.map { "\($0.utf8.count):\($0)" } } + numbers
        return parts.map { $0 ?? "-" }.joined(separator: " ")
    }
}

/// A dead letter as clients see it.
public struct DeadLetterView: Sendable {
    public var letter: DeadLetter
    public var delivery: Delivery
}

/// What a redelivery by filter came to, or would come to.
public struct DeadLetterCount: Sendable, Equatable {
    public var deliveries = 0
    /// Not scheduled: their webhook was removed.
    public var withoutWebhook = 0
    /// There are more: counting stopped at `Limits.countedDeadLetters` rows.
    public var isCutOff = false
}

// Dead letters: list, redeliver, count.
extension ManagementDesk {
    /// Dead letters, those of the newest events first.
    public func deadLetters(
        _ choice: DeadLetterChoice, _ request: ListRequest, for caller: Caller
    ) throws(ManagementError) -> Listing<DeadLetterView> {
        try caller.require(.readDeliveries)
        let query = try query(choice, visibleTo: caller)
        let page = try page("dead letters \(choice.context)", for: caller, request) {
            (snapshot, request) throws(StoreReadError) in
            try snapshot.deadLetters(query, request)
        }
        var rows: [DeadLetterView] = []
        for letter in page.rows {
            // Its delivery may have gone meanwhile, or be damaged: then it is no dead letter that anybody can use.
            let found = try read { (snapshot) throws(StoreReadError) in
                try snapshot.deliveryOrDamaged(letter.delivery)
            }
            guard let found, caller.key.opens(found.tenant) else { continue }
            rows.append(DeadLetterView(letter: letter, delivery: try shown([found])[0]))
        }
        return Listing(rows: rows, next: page.next)
    }

    /// Schedules dead letters again. They are due at once, or when their webhook may be sent to.
    ///
    /// - Returns: how many, when all are durable.
    public func redeliver(
        _ choice: DeadLetterChoice, for caller: Caller
    ) async throws(ManagementError) -> DeadLetterCount {
        try caller.require(.writeDeliveries)
        let query = try query(choice, visibleTo: caller)
        let result: Redelivered
        do throws(TenancyError) {
            result = try await queue.redeliver(query, trigger: choice.ids.isEmpty ? .replay : .manual)
        } catch { throw ManagementError(error) }
        return DeadLetterCount(deliveries: result.deliveries, withoutWebhook: result.withoutEndpoint)
    }

    /// What `redeliver` would schedule now. Reads in slices, none of which keeps old pages in use for long.
    public func countDeadLetters(
        _ choice: DeadLetterChoice, for caller: Caller
    ) throws(ManagementError) -> DeadLetterCount {
        try caller.require(.writeDeliveries)
        let query = try query(choice, visibleTo: caller)
        let live = Set(
            try read { (snapshot) throws(StoreReadError) in try snapshot.endpointLabels(of: caller.tenants) }
                .filter { !$0.isRemoved }.map(\.number))
        var count = DeadLetterCount()
        var walk = DeadLetterWalk(query)
        var looked = 0
        while !walk.isOver {
            guard looked < Limits.countedDeadLetters else {
                count.isCutOff = true
                break
            }
            let before = walk
            let (next, letters) = try read { (snapshot) throws(StoreReadError) in try snapshot.slice(of: before) }
            walk = next
            looked += Limits.countedDeadLettersPerSlice
            for letter in letters {
                if live.contains(letter.delivery.endpoint) { count.deliveries += 1 } else { count.withoutWebhook += 1 }
            }
        }
        return count
    }

    /// The choice in the store's numbers, limited to what the key is for.
    private func query(
        _ choice: DeadLetterChoice, visibleTo caller: Caller
    ) throws(ManagementError) -> DeadLetterQuery {
        var query = DeadLetterQuery()
        let tenants = try caller.tenants(named: choice.tenant)
        if let webhook = choice.webhook {
            let numbers: [EndpointNumber]
            if ids.webhook(webhook) != nil {
                let label = try webhookLabel(webhook, visibleTo: caller)
                guard tenants?.contains(label.tenant) ?? true else { throw .notFound("webhook") }
                numbers = [label.number]
            } else {
                numbers = try read { (snapshot) throws(StoreReadError) in
                    try snapshot.endpointLabels(of: tenants, named: webhook)
                }.map(\.number)
            }
            guard !numbers.isEmpty else { throw .notFound("webhook") }
            query.endpoints = Set(numbers)
        } else if let tenants {
            let labels = try read { (snapshot) throws(StoreReadError) in try snapshot.endpointLabels(of: tenants) }
            query.endpoints = Set(labels.map(\.number))
        }
        if !choice.types.isEmpty { query.types = Subscription(choice.types) }
        query.outcomes = choice.outcomes
        query.since = choice.since
        query.until = choice.until
        let deliveries = choice.ids.compactMap { ids.delivery($0) }
        let events = choice.ids.compactMap { EventID(webhookID: Array($0.utf8)) }
        guard deliveries.count + events.count == choice.ids.count, deliveries.isEmpty || events.isEmpty else {
            throw ManagementError(
                .invalidParameter, "invalid ids; expected ids of deliveries (dlv_…), or of events (evt_…): one kind",
                field: "ids")
        }
        if !deliveries.isEmpty { query.deliveries = Set(deliveries) }
        if !events.isEmpty { query.events = Set(events) }
        return query
    }
}
