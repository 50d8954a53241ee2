import LMDB
import Scheduling
import Store
import WebhookModel

extension ReportWriter {
    /// Replaces a batch whose content was refused by its two halves, each a batch with an id of its own.
    ///
    /// The halves begin a new round: what the receiver said is about the batch, and says nothing yet about the events of either half. The
    /// attempt is recorded under both leaders, so that each half shows why it was made. They are due at once, or when the receiver asked
    /// for; the policy's delays are for a receiver that has to recover.
    ///
    /// - Parameter waits: milliseconds by which the tenant's retry rate delays each half.
    func halve(
        _ batch: BatchRow, after report: AttemptReport, _ waits: (Int64, Int64), plan: inout ReportPlan, now: Int64,
        random: inout some RandomNumberGenerator, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let ids = (BatchID(using: &random), BatchID(using: &random))
        let second = try tables.split(batch, ledBy: report.delivery, ids: ids, in: transaction)
        let other = DeliveryID(position: second.members[0], endpoint: report.delivery.endpoint)
        // One that was tried before, by itself or in another batch, keeps its count: its records have those numbers.
        let before = try tables.delivery(other, in: transaction)?.attempts ?? 0
        // A long pause is a hold of the endpoint.
        let asked = report.retryAfter < Limits.storedHoldMilliseconds ? max(report.retryAfter, 1) : 1
        try tables.remove(report.delivery, from: report.entry, in: transaction)
        let leaders = [
            (report.delivery, report.attempt, now + asked + waits.0),
            (other, max(report.attempt, min(before, DeliveryRound.earlierMost - 1) + 1), now + asked + waits.1),
        ]
        for (leader, attempt, at) in leaders {
            let row = DeliveryRow(
                state: .scheduled, outcome: report.outcome, attempts: attempt, status: report.status, dueAt: at,
                round: DeliveryRound(earlier: attempt, trigger: .schedule), bond: .batch(leader: leader.position))
            try tables.update(leader, row, in: transaction)
            let entry = PendingEntry(delivery: leader, dueAt: at, attempts: attempt)
            try tables.putDue(entry, in: transaction)
            var record = report
            record.delivery = leader
            record.attempt = attempt
            try tables.record(record, nextAt: at, in: transaction)
            plan.earliestRetry = min(plan.earliestRetry, at)
        }
        plan.retries += leaders.count
        plan.halved += 1
    }
}
