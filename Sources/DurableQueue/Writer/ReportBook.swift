import LMDB
import Scheduling
import Store
import WebhookModel

/// What the reports of one transaction come to, applied to memory only after its commit.
struct ReportPlan {
    var earliestRetry = Int64.max
    var delivered = 0
    var retries = 0
    var deadLettered = 0
    var cancelled = 0
    var sequences = SequencePlan()
    /// Endpoints of deliveries that became final, each as often.
    var finished: [EndpointNumber] = []
}

/// Writes attempts and their outcomes: the entry leaves where it waited, and what follows enters.
struct ReportBook {
    let tables: Tables

    /// Writes one report.
    ///
    /// - Parameters:
    ///   - account: of the endpoint as it is now; nil: it was removed, and its delivery is cancelled unless it was delivered.
    ///   - rates: where a retry borrows its token.
    ///   - now: Unix milliseconds.
    func write(
        _ report: AttemptReport, account: EndpointAccount?, plan: inout ReportPlan, rates: inout RetryRates, now: Int64,
        random: inout some RandomNumberGenerator, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let endpoint = account?.endpoint
        var row = DeliveryRow(
            state: .delivered, outcome: report.outcome, attempts: report.attempt, status: report.status, dueAt: 0,
            finishedAt: now, round: report.round)
        if account?.hasSequences == true { row.bond = try tables.bond(of: report.delivery, in: transaction) }
        var nextAt: Int64 = 0
        try tables.remove(report.delivery, from: report.entry, in: transaction)
        switch next(after: report, endpoint: endpoint, now: now, random: &random) {
        case .delivered:
            plan.delivered += 1
            plan.finished.append(report.delivery.endpoint)
        case .again(let policyTime):
            let at = policyTime + (endpoint.map { rates.delay(of: $0.tenant, now: now) } ?? 0)
            row.state = .scheduled
            row.dueAt = at
            row.finishedAt = 0
            nextAt = at
            let entry = PendingEntry(delivery: report.delivery, dueAt: at, attempts: report.attempt)
            try tables.putDue(entry, in: transaction)
            plan.retries += 1
            plan.earliestRetry = min(plan.earliestRetry, at)
        case .deadLetter:
            plan.finished.append(report.delivery.endpoint)
            if endpoint == nil {
                row.state = .cancelled
                plan.cancelled += 1
            } else {
                row.state = .deadLettered
                try tables.bury(
                    report.delivery, at: now, outcome: report.outcome, status: report.status, attempts: report.attempt,
                    in: transaction)
                plan.deadLettered += 1
            }
        }
        try tables.update(report.delivery, row, in: transaction)
        try tables.record(report, nextAt: nextAt, in: transaction)
        guard let account, row.bond != .none else { return }
        try moveOn(past: report.delivery, row, account: account, plan: &plan.sequences, now: now, in: transaction)
    }

    private func next(
        after report: AttemptReport, endpoint: Endpoint?, now: Int64, random: inout some RandomNumberGenerator
    ) -> RetrySchedule.Next {
        guard let endpoint else { return report.outcome.isDelivered ? .delivered : .deadLetter }
        return RetrySchedule.next(
            outcome: report.outcome, attempt: report.round.place(of: report.attempt), policy: endpoint.retry,
            retryAfter: report.retryAfter, now: now, random: &random)
    }

    /// Cancels deliveries of a removed endpoint.
    func cancel(
        _ entries: [Waiting], now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        for waiting in entries {
            try tables.remove(waiting.pending.delivery, from: waiting.entry, in: transaction)
            try cancel(waiting.pending, now: now, in: transaction)
        }
    }

    /// Cancels a delivery that waits nowhere any more.
    func cancel(
        _ entry: PendingEntry, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let row = DeliveryRow(state: .cancelled, attempts: entry.attempts, dueAt: 0, finishedAt: now)
        try tables.update(entry.delivery, row, in: transaction)
    }

    /// Dead-letters a delivery whose record cannot be read: never sent, never skipped in silence.
    func quarantine(
        _ waiting: Waiting, account: EndpointAccount?, plan: inout SequencePlan, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let (delivery, attempts) = (waiting.pending.delivery, waiting.pending.attempts)
        var row = DeliveryRow(state: .deadLettered, outcome: .recordDamaged, attempts: attempts, dueAt: 0, finishedAt: now)
        if account?.hasSequences == true { row.bond = try tables.bond(of: delivery, in: transaction) }
        try tables.remove(delivery, from: waiting.entry, in: transaction)
        try tables.update(delivery, row, in: transaction)
        try tables.bury(delivery, at: now, outcome: .recordDamaged, status: 0, attempts: attempts, in: transaction)
        guard let account, row.bond != .none else { return }
        try moveOn(past: delivery, row, account: account, plan: &plan, now: now, in: transaction)
    }
}

/// A delivery and where it waits.
struct Waiting {
    var pending: PendingEntry
    var entry: QueueEntry
}
