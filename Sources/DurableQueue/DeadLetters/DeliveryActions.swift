import LMDB
import Store
import WebhookModel

/// What can be done with one delivery.
public enum DeliveryAction: Sendable {
    /// Deliver it again, though it was delivered, cancelled, or became a dead letter.
    case redeliver
    /// Send it no more.
    case cancel
}

/// What became of an action on one delivery.
public enum DeliveryActionResult: Sendable, Equatable {
    case done
    /// There is no such delivery, or its row is damaged.
    case unknown
    /// Redeliver: it is not final, so it will be attempted anyway. Cancel: it is final already.
    case wrongState
    /// Its endpoint was removed.
    case withoutEndpoint
    /// A sender holds it, or it is on its way to one: try again later.
    case held
    /// It is sent together with others, and cannot be taken out.
    case inBatch
    /// Its number of attempts is at the largest that a row can hold.
    case tooManyAttempts
}

extension WriterCore {
    /// Schedules one final delivery again, in a new round of its endpoint's policy.
    func writeRedelivery(
        of delivery: DeliveryID, _ slice: inout UpkeepJob.Slice, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        guard let row = try tables.delivery(delivery, in: transaction) else { return slice.action = .unknown }
        guard row.state.isFinal else { return slice.action = .wrongState }
        guard registry.isLive(delivery.endpoint) else { return slice.action = .withoutEndpoint }
        if row.state == .deadLettered {
            // As dead letters are: one that was a batch by itself keeps the batch's id.
            var query = DeadLetterQuery()
            query.deliveries = [delivery]
            var redelivery = Redelivery(query, trigger: .manual, now: .max - 1)
            slice.redelivered = try redelivery.next(tables, dueAt: now + 1, isKnown: { _ in true }, in: transaction)
            slice.sequenced = redelivery.sequenced
        } else {
            let result = try tables.redeliverFinal(delivery, at: now + 1, trigger: .manual, in: transaction)
            if case .inSequence = result { slice.sequenced = [delivery.endpoint] }
            if case .no = result {} else { slice.redelivered = [delivery.endpoint] }
        }
        slice.action = slice.redelivered.isEmpty ? .tooManyAttempts : .done
    }

    /// Cancels one delivery that waits: in the due index, parked, or behind the head of its sequence. One that a sender
    /// holds may be at its receiver already, and is left alone.
    func writeCancelling(
        of delivery: DeliveryID, _ sequences: inout SequencePlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> DeliveryActionResult {
        guard var row = try tables.delivery(delivery, in: transaction) else { return .unknown }
        guard row.state == .scheduled else { return .wrongState }
        if case .batch = row.bond { return .inBatch }
        let slot = registry.slot(delivery.endpoint)
        let waiting = slot.flatMap { registry[$0].waiting(delivery) }
        if waiting == nil, dispatch.known.contains(delivery) { return .held }
        // Where a head waited behind another, the index has a later time than the row.
        let times = [waiting?.dueAt, pending.toHand.first { $0.delivery == delivery }?.dueAt, row.dueAt]
        guard
            try tables.takeWaiting(
                delivery, times: times.compactMap(\.self), row.sequence(at: delivery.endpoint), in: transaction)
        else { return .held }
        row.state = .cancelled
        row.dueAt = 0
        row.finishedAt = now
        try tables.update(delivery, row, in: transaction)
        try ReportWriter(tables: tables).moveOn(
            past: delivery, row, order: slot.map { registry[$0].endpoint.settings.order } ?? .none,
            hasBehind: slot.map { registry[$0].hasBehind } ?? false, plan: &sequences, now: now, in: transaction)
        return .done
    }

    /// Applies what was committed: nothing in memory hands the delivery over any more.
    func applyCancelling(of delivery: DeliveryID) {
        pending.toHand.removeAll { $0.delivery == delivery }
        if let slot = registry.slot(delivery.endpoint) { dispatch.dropWaiting(delivery, slot: slot, &registry) }
        registry.finished(delivery.endpoint)
        statistics.cancelled += 1
    }
}

extension DispatchState {
    /// Takes a delivery out of its endpoint's lot.
    mutating func dropWaiting(_ delivery: DeliveryID, slot: Int, _ registry: inout EndpointRegistry) {
        guard registry[slot].dropWaiting(delivery) else { return }
        lotCount -= 1
        known.remove(delivery)
    }
}
