import LMDB
import Store
import WebhookModel

/// What a transaction did to sequences, applied to memory only after its commit.
struct SequencePlan {
    /// Deliveries that entered the due index from behind a head: to be handed over after the commit.
    var toHand: [PendingEntry] = []
    /// Endpoints where no delivery is behind a head any more.
    var cleared: [EndpointNumber] = []
}

extension ReportWriter {
    /// Moves a sequence on when one of its deliveries is final: the next becomes head, or a dead letter holds its key.
    ///
    /// - Parameter row: the delivery's, as it was written now.
    func moveOn(
        past delivery: DeliveryID, _ row: DeliveryRow, order: DeliveryOrder, hasBehind: Bool,
        plan: inout SequencePlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        guard row.state.isFinal, let sequence = row.sequence(at: delivery.endpoint) else { return }
        if row.state == .deadLettered, order.holds { return try tables.hold(delivery, sequence, in: transaction) }
        if let next = try tables.advance(past: delivery, sequence, now: now, in: transaction) {
            plan.toHand.append(next)
        } else if hasBehind, try !tables.hasBehind(delivery.endpoint, in: transaction) {
            plan.cleared.append(delivery.endpoint)
        }
    }
}
