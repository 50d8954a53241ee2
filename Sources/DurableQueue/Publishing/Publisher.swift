import LMDB
import Scheduling
import Store
import WebhookModel

/// A delivery that was made in a transaction and is due at once: handed over after its commit.
struct Hint {
    var batch: Int
    var draft: Int
    var position: EventPosition
    var endpoint: Endpoint
}

/// What the publishes of one transaction come to, applied to memory only after its commit.
struct PublishPlan {
    var nextPosition: UInt64
    /// By batch, by draft.
    var results: [[EventResult]] = []
    var hints: [Hint] = []
    var earliestFuture = Int64.max
    var storedEvents = 0
    var deliveries = 0
    /// Endpoints with new deliveries behind a head.
    var behind: Set<EndpointNumber> = []
    /// Deliveries that wait for a batch.
    var gathered: [GatheredEntry] = []
    /// The endpoint of each delivery that is made.
    var made: [EndpointNumber] = []
    /// Tenants whose backlog reached its limit, or fell below it.
    var backlogNews: [(tenant: TenantNumber, isOver: Bool)] = []

    init(nextPosition: UInt64) { self.nextPosition = nextPosition }
}

/// Writes events, their ids and their deliveries: fan-out in the transaction of the event itself.
struct Publisher {
    let tables: Tables

    /// Writes one batch.
    ///
    /// - Parameter now: Unix milliseconds.
    func publish(
        _ batch: EventBatch, number: Int, _ registry: inout EndpointRegistry, plan: inout PublishPlan, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        var results: [EventResult] = []
        results.reserveCapacity(batch.drafts.count)
        var lastTenant: TenantNumber?
        var lastTenantResult = EventResult.undecided
        for index in batch.drafts.indices {
            let draft = batch.drafts[index]
            guard draft.result == .undecided else {
                results.append(draft.result)
                continue
            }
            if draft.tenant != lastTenant {
                lastTenant = draft.tenant
                lastTenantResult = Publisher.standing(registry.tenant(draft.tenant))
            }
            guard lastTenantResult == .undecided else {
                results.append(lastTenantResult)
                continue
            }
            results.append(
                try publish(
                    draft, index, of: batch, number: number, &registry, plan: &plan, now: now, in: transaction))
        }
        plan.results.append(results)
    }

    // The session looked too, but the tenant may have changed since.
    private static func standing(_ tenant: Stored<Tenant>?) -> EventResult {
        guard let tenant else { return .unknownTenant }
        return tenant.value.enabled ? .undecided : .tenantDisabled
    }

    private func publish(
        _ draft: EventDraft, _ index: Int, of batch: EventBatch, number: Int, _ registry: inout EndpointRegistry,
        plan: inout PublishPlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> EventResult {
        try batch.bytes.withUnsafeBufferPointer { bytes throws(LMDBError) -> EventResult in
            let record = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[draft.span.range])
            let checksum = Tables.checksum(record)
            // An event that is stored already costs nothing more, and its producer may forget it: a duplicate is answered as such even
            // when the backlog is full.
            let answer = registry.admits(draft.tenant)
            if answer.isNews { plan.backlogNews.append((draft.tenant, !answer.admits)) }
            guard answer.admits else {
                guard let known = try tables.find(draft.record.id, of: draft.tenant, in: transaction) else {
                    return .throttled
                }
                return try isSame(record, checksum, known, in: transaction) ? .duplicate : .conflict
            }
            let position = EventPosition(plan.nextPosition)
            let known = try tables.insert(
                record, checksum: checksum, id: draft.record.id, at: position, tenant: draft.tenant, acceptedAt: now,
                in: transaction)
            if let known { return try isSame(record, checksum, known, in: transaction) ? .duplicate : .conflict }
            plan.nextPosition += 1
            plan.storedEvents += 1
            let type = UnsafeRawBufferPointer(rebasing: record[draft.record.type.range])
            let endpoints = registry.routes(for: type, of: draft.tenant)
            let dueAt = max(draft.record.deliverAt, now)
            for endpoint in endpoints {
                let delivery = DeliveryID(position: position, endpoint: endpoint.number)
                registry.planDelivery(of: endpoint.number, plan: &plan.made)
                guard try schedule(delivery, draft, record, endpoint, dueAt: dueAt, &plan, now: now, in: transaction)
                else { continue }
                if dueAt <= now {
                    plan.hints.append(Hint(batch: number, draft: index, position: position, endpoint: endpoint))
                } else {
                    plan.earliestFuture = min(plan.earliestFuture, dueAt)
                }
            }
            plan.deliveries += endpoints.count
            return endpoints.isEmpty ? .acceptedNoMatch : .accepted
        }
    }

    /// Lets a delivery wait where its endpoint's settings say.
    ///
    /// - Returns: whether it stands in the due index, for itself.
    private func schedule(
        _ delivery: DeliveryID, _ draft: EventDraft, _ record: UnsafeRawBufferPointer, _ endpoint: Endpoint,
        dueAt: Int64, _ plan: inout PublishPlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        if endpoint.settings.order.isByKey, draft.record.orderingKey.count > 0 {
            let key = UnsafeRawBufferPointer(rebasing: record[draft.record.orderingKey.range])
            let sequence = SequenceKey(endpoint: endpoint.number, orderingKey: key)
            let isHead = try tables.schedule(delivery, dueAt: dueAt, sequence, in: transaction)
            if !isHead { plan.behind.insert(endpoint.number) }
            return isHead
        }
        guard endpoint.settings.batch != nil else {
            try tables.schedule(delivery, dueAt: dueAt, in: transaction)
            return true
        }
        guard dueAt <= now else {
            try tables.scheduleBonded(delivery, dueAt: dueAt, in: transaction)
            return true
        }
        let entry = GatheredEntry(delivery: delivery, since: now, bytes: draft.record.batchBytes(at: endpoint))
        try tables.schedule(entry, in: transaction)
        plan.gathered.append(entry)
        return false
    }

    // A checksum alone would, once in four thousand million conflicts, call a new event a duplicate and lose it.
    private func isSame(
        _ record: UnsafeRawBufferPointer, _ checksum: UInt32, _ known: KnownEvent,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        guard Int(known.length) == record.count else { return false }
        switch try tables.event(at: known.position, in: transaction) {
        case .event(let event): return event.bytes.withUnsafeBytes { EventRecord.haveSameContent($0, record) }
        // Unreadable: its checksum and length are what is left to go by.
        case .missing, .damaged: return known.checksum == checksum
        }
    }
}
