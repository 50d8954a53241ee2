import LMDB
import Scheduling
import Store
import WebhookModel

extension Refill.Findings {
    /// A single delivery at an endpoint that makes batches.
    struct Stray {
        var waiting: Waiting
        /// What it adds to a body at most.
        var bytes: Int
    }
}

extension Refill {
    /// Hands over for an endpoint that has batches: a leader with all its members. A single delivery that was not tried yet goes back to
    /// `gathering`.
    ///
    /// - Returns: whether that was all; if not, the delivery goes out alone.
    func handBatch(
        _ waiting: Waiting, _ slot: Int, _ dispatch: inout DispatchState, _ registry: inout EndpointRegistry,
        _ findings: inout Findings, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> Bool {
        let pending = waiting.pending
        let endpoint = registry[slot].endpoint
        guard let batch = try tables.batch(ledBy: pending.delivery, in: snapshot) else {
            guard endpoint.settings.batch != nil, try isForBatches(pending, in: snapshot),
                let event = try event(at: pending.delivery.position, for: endpoint, in: snapshot)
            else { return false }
            dispatch.remember(pending.delivery)
            findings.strays.append(Findings.Stray(waiting: waiting, bytes: event.record.batchBytes(at: endpoint)))
            return true
        }
        var events: [Event] = []
        events.reserveCapacity(batch.members.count)
        for position in batch.members {
            guard let event = try event(at: position, for: endpoint, in: snapshot) else {
                dispatch.remember(pending.delivery)
                findings.brokenBatches.append(waiting)
                return true
            }
            events.append(event)
        }
        let round = pending.attempts > 0 ? try tables.delivery(pending.delivery, in: snapshot)?.round : nil
        dispatch.hand(
            DueDelivery(
                event: events[0], endpoint: endpoint, attempt: pending.attempts + 1, entry: waiting.entry,
                round: round ?? .first, batch: MessageBatch(id: batch.id, events: events)), slot: slot, now: now,
            &registry)
        return true
    }

    // What was tried alone goes on alone: its attempts have the same bytes. And a sequence is moved on by what becomes of its head.
    private func isForBatches(
        _ pending: PendingEntry, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> Bool {
        switch try tables.bond(of: pending.delivery, in: snapshot) {
        case .sequence: false
        case .batch: true
        case .none: pending.attempts == 0
        }
    }
}
