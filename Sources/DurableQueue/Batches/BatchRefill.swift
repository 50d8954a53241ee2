import LMDB
import Scheduling
import Store
import WebhookModel

extension Refill.Findings {
    /// A delivery that stands alone at an endpoint that makes batches.
    struct Stray {
        var waiting: Waiting
        /// What it adds to a body at most.
        var bytes: Int
    }
}

extension Refill {
    /// Hands over for an endpoint that has batches: a leader with all its members. Who stands there alone and was not tried yet is sent to
    /// those that wait for company.
    ///
    /// - Returns: whether that was all; if not, the delivery goes out alone.
    func handBatch(
        _ waiting: Waiting, _ account: EndpointAccount, _ ledger: inout DispatchLedger, _ now: Int64,
        _ findings: inout Findings,
        in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> Bool {
        let pending = waiting.pending
        guard let batch = try tables.batch(ledBy: pending.delivery, in: snapshot) else {
            guard account.endpoint.settings.batch != nil, try isForBatches(pending, in: snapshot),
                case .event(let event) = try tables.event(at: pending.delivery.position, in: snapshot)
            else { return false }
            ledger.remember(pending.delivery)
            findings.strays.append(
                Findings.Stray(waiting: waiting, bytes: event.record.batchBytes(at: account.endpoint)))
            return true
        }
        var events: [Event] = []
        events.reserveCapacity(batch.members.count)
        for position in batch.members {
            guard case .event(let event) = try tables.event(at: position, in: snapshot) else {
                ledger.remember(pending.delivery)
                findings.brokenBatches.append(waiting)
                return true
            }
            events.append(event)
        }
        let round = pending.attempts > 0 ? try tables.delivery(pending.delivery, in: snapshot)?.round : nil
        ledger.hand(
            DueDelivery(
                event: events[0], endpoint: account.endpoint, attempt: pending.attempts + 1, entry: waiting.entry,
                round: round ?? .first, batch: MessageBatch(id: batch.id, events: events)), now: now)
        return true
    }

    // What was tried alone goes on alone: its attempts have the same bytes. And a sequence goes on by what becomes of its head.
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
