import LMDB
import Store
import WebhookModel

/// What a transaction did to sequences, applied to memory only after its commit.
struct SequencePlan {
    /// Deliveries that came into the due index from behind a head: to be handed over after the commit.
    var brought: [PendingEntry] = []
    /// Endpoints where nobody stands behind a head any more.
    var cleared: [EndpointNumber] = []
}

extension ReportBook {
    /// Moves a sequence on when one of its deliveries is final: the next becomes head, or a dead letter holds its key.
    ///
    /// - Parameter row: the delivery's, as it was written now.
    func moveOn(
        past delivery: DeliveryID, _ row: DeliveryRow, account: EndpointAccount, plan: inout SequencePlan, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        guard row.state.isFinal, let sequence = row.sequence(at: delivery.endpoint) else { return }
        if row.state == .deadLettered, account.endpoint.settings.order.holds {
            return try tables.hold(delivery, sequence, in: transaction)
        }
        if let next = try tables.advance(past: delivery, sequence, now: now, in: transaction) {
            plan.brought.append(next)
        } else if account.hasBehind, try !tables.hasBehind(delivery.endpoint, in: transaction) {
            plan.cleared.append(delivery.endpoint)
        }
    }

    /// Lets a delivery that was final and is scheduled again wait where it belongs: in its sequence, where a head that held its key is head again and any other takes its place in commit order.
    ///
    /// - Parameters:
    ///   - bond: of its row, which the caller writes and which keeps it.
    ///   - endpoint: as it is now.
    /// - Returns: its entry of the due index; nil: it waits elsewhere.
    func admit(
        _ entry: PendingEntry, bond: DeliveryRow.Bond, endpoint: Endpoint, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> PendingEntry? {
        var entry = entry
        entry.dueAt = max(entry.dueAt, now + 1)
        guard endpoint.settings.order.isByKey, case .sequence(let hash) = bond else {
            // One of an endpoint that makes batches is found alone when it is due, and gathered then.
            try tables.putDue(entry, in: transaction)
            return entry
        }
        let sequence = SequenceKey(endpoint: endpoint.number, hash: hash)
        return try tables.enter(entry, sequence, in: transaction) ? entry : nil
    }
}
