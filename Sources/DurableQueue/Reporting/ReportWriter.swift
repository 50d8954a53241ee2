import LMDB
import Scheduling
import Store
import WebhookModel

/// What the reports of one transaction come to, applied to memory only after its commit.
struct ReportPlan {
    var earliestRetry = Int64.max
    var delivered = 0
    var retries = 0
    /// Batches that are sent again as two.
    var halved = 0
    var deadLettered = 0
    var cancelled = 0
    var sequences = SequencePlan()
    /// Endpoints of deliveries that became final, each as often.
    var finished: [EndpointNumber] = []
}

/// Writes attempts and their outcomes: the entry leaves the table where it waited, and the entry that follows is made.
struct ReportWriter {
    let tables: Tables

    /// Writes one report.
    ///
    /// - Parameters:
    ///   - slot: of the endpoint's record; nil: it was removed, and its delivery is cancelled unless it was delivered.
    ///   - rates: where a retry borrows its token.
    ///   - now: Unix milliseconds.
    func write(
        _ report: AttemptReport, slot: Int?, _ registry: inout EndpointRegistry, plan: inout ReportPlan,
        rates: inout RetryRates, now: Int64, random: inout some RandomNumberGenerator,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let endpoint = slot.map { registry[$0].endpoint }
        var row = DeliveryRow(
            state: .delivered, outcome: report.outcome, attempts: report.attempt, status: report.status, dueAt: 0,
            finishedAt: now, round: report.round)
        let mayLead = slot.map { registry[$0].hasBatches } ?? true
        let batch = try mayLead ? tables.batch(ledBy: report.delivery, in: transaction) : nil
        let events = batch?.members.count ?? 1
        if let batch, let endpoint, report.attempt < DeliveryRound.earlierMost,
            BatchHalving.follows(status: report.status, events: batch.members.count)
        {
            let wait = { (rates: inout RetryRates) in rates.delay(of: endpoint.tenant, now: now) }
            let waits = (wait(&rates), wait(&rates))
            return try halve(batch, after: report, waits, plan: &plan, now: now, random: &random, in: transaction)
        }
        if batch == nil, slot.map({ registry[$0].hasSequences }) == true {
            row.bond = try bond(of: report.delivery, in: transaction)
        }
        if batch != nil { row.bond = .batch(leader: report.delivery.position) }
        var nextAt: Int64 = 0
        try tables.remove(report.delivery, from: report.entry, in: transaction)
        switch next(after: report, endpoint: endpoint, now: now, random: &random) {
        case .delivered:
            plan.delivered += events
        case .again(let policyTime):
            let at = policyTime + (endpoint.map { rates.delay(of: $0.tenant, now: now) } ?? 0)
            row.state = .scheduled
            row.dueAt = at
            row.finishedAt = 0
            nextAt = max(at, now + hold(after: report, endpoint))
            let entry = PendingEntry(delivery: report.delivery, dueAt: at, attempts: report.attempt)
            try tables.putDue(entry, in: transaction)
            plan.retries += 1
            plan.earliestRetry = min(plan.earliestRetry, at)
        case .deadLetter:
            if endpoint == nil {
                row.state = .cancelled
                plan.cancelled += events
            } else {
                row.state = .deadLettered
                plan.deadLettered += events
            }
        }
        if let batch, row.state.isFinal {
            try finish(batch, ledBy: report.delivery, row, in: transaction)
        } else {
            try finish(report.delivery, row, in: transaction)
        }
        if row.state.isFinal { plan.finished += repeatElement(report.delivery.endpoint, count: events) }
        try tables.record(report, nextAt: nextAt, in: transaction)
        guard let slot, let endpoint, row.bond != .none else { return }
        try moveOn(
            past: report.delivery, row, order: endpoint.settings.order, hasBehind: registry[slot].hasBehind,
            plan: &plan.sequences, now: now, in: transaction)
    }

    /// The sequence or the batch of a delivery. Where its row is damaged, the ordering key of its event names the sequence.
    private func bond(
        of delivery: DeliveryID, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> DeliveryRow.Bond {
        if let row = try tables.delivery(delivery, in: transaction) { return row.bond }
        guard case .event(let event) = try tables.event(at: delivery.position, in: transaction),
            event.record.orderingKey.count > 0
        else { return .none }
        return event.bytes.withUnsafeBytes { bytes in
            let key = UnsafeRawBufferPointer(rebasing: bytes[event.record.orderingKey.range])
            return .sequence(SequenceKey(endpoint: delivery.endpoint, orderingKey: key).hash)
        }
    }

    private func next(
        after report: AttemptReport, endpoint: Endpoint?, now: Int64, random: inout some RandomNumberGenerator
    ) -> RetrySchedule.Next {
        guard let endpoint else { return report.outcome.isDelivered ? .delivered : .deadLetter }
        // Another URL may well be reached.
        if report.isHopeless, report.isOf(endpoint) { return .deadLetter }
        // A long pause is a hold of the endpoint, which ends when its URL changes; the delivery's own time would not.
        let retryAfter = report.isOf(endpoint) && hold(after: report, endpoint) == 0 ? report.retryAfter : 0
        return RetrySchedule.next(
            outcome: report.outcome, attempt: report.round.place(of: report.attempt), policy: endpoint.retry,
            retryAfter: retryAfter, now: now, random: &random)
    }

    /// Milliseconds of the hold that an answer asked for; 0: it asked for none, or for a short one.
    private func hold(after report: AttemptReport, _ endpoint: Endpoint?) -> Int64 {
        guard let endpoint, report.isOf(endpoint), report.retryAfter >= Limits.storedHoldMilliseconds else { return 0 }
        return min(report.retryAfter, Limits.retryAfterMilliseconds)
    }

    /// Writes a delivery's row, and its dead letter if that is what it became.
    private func finish(
        _ delivery: DeliveryID, _ row: DeliveryRow, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try tables.update(delivery, row, in: transaction)
        guard row.state == .deadLettered else { return }
        try tables.putDeadLetter(
            delivery, at: row.finishedAt, outcome: row.outcome, status: row.status, attempts: row.attempts,
            in: transaction)
    }

    /// Writes what became of a batch to each of its members.
    private func finish(
        _ batch: BatchRow, ledBy leader: DeliveryID, _ row: DeliveryRow, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        for position in batch.members {
            let member = DeliveryID(position: position, endpoint: leader.endpoint)
            var own = row
            // One that was tried before, by itself or in another batch, keeps its count: its records have those numbers.
            if member != leader {
                own.attempts = max(own.attempts, try tables.delivery(member, in: transaction)?.attempts ?? 0)
            }
            try finish(member, own, in: transaction)
        }
        try tables.close(batch, ledBy: leader, in: transaction)
    }

    // MARK: Without an attempt

    /// What `cancel` came to.
    struct Cancelled {
        var deliveries = 0
        /// Entries of deliveries that the table `deliveries` does not hold as scheduled: damaged rows, which are removed.
        var damaged = 0
    }

    /// What `giveUp` came to.
    struct GivenUp {
        /// The endpoint of each delivery that became a dead letter, each as often.
        var finished: [EndpointNumber] = []
        /// Entries of deliveries that the table `deliveries` does not hold as scheduled: damaged rows, which are removed.
        var damaged = 0
    }

    /// Makes dead letters of deliveries whose endpoint was given up, and of those that a batch's leader leads.
    func giveUp(
        _ entries: [Waiting], as outcome: Outcome, plan: inout SequencePlan, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> GivenUp {
        var given = GivenUp()
        for waiting in entries {
            let delivery = waiting.pending.delivery
            try tables.remove(delivery, from: waiting.entry, in: transaction)
            guard let present = try tables.delivery(delivery, in: transaction), present.state == .scheduled else {
                given.damaged += 1
                continue
            }
            var row = ReportWriter.givenUp(present, as: outcome, now: now)
            guard let batch = try tables.batch(ledBy: delivery, in: transaction) else {
                try finish(delivery, row, in: transaction)
                given.finished.append(delivery.endpoint)
                guard let sequence = row.sequence(at: delivery.endpoint) else { continue }
                // Whatever its order says of dead letters: those behind it go the same way.
                if let next = try tables.advance(past: delivery, sequence, now: now, in: transaction) {
                    plan.toHand.append(next)
                }
                continue
            }
            row.bond = .batch(leader: delivery.position)
            try finish(batch, ledBy: delivery, row, in: transaction)
            given.finished += repeatElement(delivery.endpoint, count: batch.members.count)
        }
        return given
    }

    /// Makes a dead letter of a delivery that waits in no table any more.
    ///
    /// - Returns: false: the table `deliveries` does not hold it as scheduled.
    func giveUp(
        _ delivery: DeliveryID, as outcome: Outcome, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        guard let present = try tables.delivery(delivery, in: transaction), present.state == .scheduled else {
            return false
        }
        try finish(delivery, ReportWriter.givenUp(present, as: outcome, now: now), in: transaction)
        return true
    }

    private static func givenUp(_ present: DeliveryRow, as outcome: Outcome, now: Int64) -> DeliveryRow {
        var row = present
        row.state = .deadLettered
        row.outcome = outcome
        row.dueAt = 0
        row.finishedAt = now
        return row
    }

    /// Cancels deliveries whose endpoint's row is gone, and those that a batch's leader leads.
    func cancel(
        _ entries: [Waiting], now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Cancelled {
        var cancelled = Cancelled()
        for waiting in entries {
            try tables.remove(waiting.pending.delivery, from: waiting.entry, in: transaction)
            guard try tables.delivery(waiting.pending.delivery, in: transaction)?.state == .scheduled else {
                cancelled.damaged += 1
                continue
            }
            guard let batch = try tables.batch(ledBy: waiting.pending.delivery, in: transaction) else {
                try cancel(waiting.pending.delivery, now: now, in: transaction)
                cancelled.deliveries += 1
                continue
            }
            let row = DeliveryRow(
                state: .cancelled, attempts: waiting.pending.attempts, dueAt: 0, finishedAt: now,
                bond: .batch(leader: waiting.pending.delivery.position))
            try finish(batch, ledBy: waiting.pending.delivery, row, in: transaction)
            cancelled.deliveries += batch.members.count
        }
        return cancelled
    }

    private func cancel(
        _ delivery: DeliveryID, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try finish(delivery, DeliveryRow(state: .cancelled, dueAt: 0, finishedAt: now), in: transaction)
    }

    /// Dead-letters a delivery whose record cannot be read: it is never sent, and never skipped without a trace.
    ///
    /// - Returns: false: the table `deliveries` does not hold it as scheduled. Its entry was a damaged row, and is removed.
    func quarantine(
        _ waiting: Waiting, slot: Int?, _ registry: EndpointRegistry, plan: inout SequencePlan, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        let delivery = waiting.pending.delivery
        try tables.remove(delivery, from: waiting.entry, in: transaction)
        guard let present = try tables.delivery(delivery, in: transaction), present.state == .scheduled else {
            return false
        }
        let row = try quarantine(
            delivery, attempts: waiting.pending.attempts, bond: present.bond, now: now, in: transaction)
        guard let slot, registry[slot].hasSequences else { return true }
        try moveOn(
            past: delivery, row, order: registry[slot].endpoint.settings.order, hasBehind: registry[slot].hasBehind,
            plan: &plan, now: now, in: transaction)
        return true
    }

    /// The same for one that waits in no table any more.
    @discardableResult
    func quarantine(
        _ delivery: DeliveryID, attempts: UInt16 = 0, bond: DeliveryRow.Bond, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> DeliveryRow {
        let row = DeliveryRow(
            state: .deadLettered, outcome: .recordDamaged, attempts: attempts, dueAt: 0, finishedAt: now, bond: bond)
        try finish(delivery, row, in: transaction)
        return row
    }
}

extension AttemptReport {
    /// Whether the request went to where the endpoint is now.
    func isOf(_ endpoint: Endpoint) -> Bool { destination == 0 || destination == endpoint.destination }
}
