import LMDB
import Scheduling
import Store
import WebhookModel

/// What the upkeep of one transaction did, applied to memory only after its commit.
struct UpkeepPlan {
    var sweep: RetentionSweep?
    var nextSweep: Int64?
    var removedEvents = 0
    var cancelled = 0
    /// Entries that were removed because the table `deliveries` knows nothing of them.
    var damagedEntries = 0
    var quarantined: [DeliveryID] = []
    var purgesDone = 0
    var sequences = SequencePlan()
    var settlement: SettlementPlan?
    var job: UpkeepJob.Slice?
    var repairs: RepairPlan?
    /// The time that was stored as that of the last commit.
    var lastCommitAt: Int64?
}

extension WriterCore {
    /// Retention, quarantine, the clean-up after removed endpoints and changed settings, and long commands: a slice of each.
    func writeUpkeep(
        _ writer: ReportWriter, withSweep: Bool, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> UpkeepPlan {
        var plan = UpkeepPlan()
        if withSweep, now >= pending.nextSweep {
            var sweep = pending.sweep
            let progress = try sweep.sweep(tables, limit: Limits.sweepSlice, now: now, in: transaction)
            plan.sweep = sweep
            plan.removedEvents = progress.removedEvents
            plan.sequences.toHand = progress.released
            plan.nextSweep = progress.isAtYoungEnd ? now + Limits.sweepRestMilliseconds : now
        }
        let cancelled = try writer.cancel(pending.findings.orphans, now: now, in: transaction)
        plan.cancelled = cancelled.deliveries
        plan.damagedEntries = cancelled.damaged
        for waiting in pending.findings.unreadable {
            let slot = registry.slot(waiting.pending.delivery.endpoint)
            if try writer.quarantine(waiting, slot: slot, registry, plan: &plan.sequences, now: now, in: transaction) {
                plan.quarantined.append(waiting.pending.delivery)
            } else {
                plan.damagedEntries += 1
            }
        }
        if let number = pending.purges.first {
            let purged = try purge(number, writer, now: now, in: transaction)
            plan.cancelled += purged.cancelled
            plan.purgesDone = purged.rows < Limits.upkeepSlice ? 1 : 0
        }
        plan.settlement = try writeSettlement(now: now, in: transaction)
        plan.job = try writeJob(now: now, in: transaction)
        plan.repairs = try writeRepairs(now: now, in: transaction)
        if now - pending.lastCommitAt >= Limits.lastCommitMilliseconds {
            try tables.putLastCommit(now, in: transaction)
            plan.lastCommitAt = now
        }
        return plan
    }

    /// Cancels a slice of what a removed endpoint left on disk: parked, behind a head, waiting for a batch.
    ///
    /// - Returns: how many deliveries, and how many rows are dealt with; fewer than a slice: nothing is left.
    private func purge(
        _ number: EndpointNumber, _ writer: ReportWriter, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (cancelled: Int, rows: Int) {
        var parked: [Waiting] = []
        try tables.scanParked(of: number, after: EventPosition(0), in: transaction) { entry in
            if !dispatch.known.contains(entry.delivery) { parked.append(Waiting(pending: entry, entry: .parked)) }
            return parked.count < Limits.upkeepSlice
        }
        var cancelled = try writer.cancel(parked, now: now, in: transaction).deliveries
        var rest = Limits.upkeepSlice - parked.count
        let behind = try tables.takeBehind(of: number, limit: rest, in: transaction).map(\.delivery)
        rest -= behind.count
        let gathered = try tables.takeGathered(of: number, limit: rest, in: transaction).map(\.delivery)
        rest -= gathered.count
        for delivery in behind + gathered { try writer.cancel(delivery, now: now, in: transaction) }
        cancelled += behind.count + gathered.count
        rest -= try tables.forgetHeads(of: number, limit: rest, in: transaction)
        return (cancelled, Limits.upkeepSlice - rest)
    }

    /// Applies what was committed.
    func apply(_ plan: UpkeepPlan, now: Int64) {
        if let sweep = plan.sweep, let nextSweep = plan.nextSweep {
            pending.sweep = sweep
            pending.nextSweep = nextSweep
        }
        statistics.removedEvents += plan.removedEvents
        statistics.cancelled += plan.cancelled
        for delivery in plan.quarantined {
            registry.finished(delivery.endpoint)
            noteQuarantine(delivery)
        }
        if plan.damagedEntries > 0 { noteDamage(plan.damagedEntries, at: "entries without a scheduled delivery") }
        for waiting in pending.findings.unreadable + pending.findings.orphans {
            dispatch.forget(waiting.pending.delivery)
        }
        pending.findings = Refill.Findings()
        pending.purges.removeFirst(plan.purgesDone)
        apply(plan.sequences, now: now)
        if let settlement = plan.settlement { apply(settlement, now: now) }
        if let job = plan.job { apply(job, now: now) }
        if let repairs = plan.repairs { apply(repairs) }
        if let time = plan.lastCommitAt { pending.lastCommitAt = time }
    }

    /// A delivery became a dead letter because its record is damaged. That is an accepted event which nobody gets: it is counted, and named.
    func noteQuarantine(_ delivery: DeliveryID) {
        statistics.quarantined += 1
        let endpoint = registry.endpoint(delivery.endpoint)
        output.notices.append(
            .quarantined(
                tenant: endpoint?.tenantName ?? "", endpoint: endpoint?.name ?? "", position: delivery.position))
    }

    /// Rows of the store are damaged: they were stepped over, or removed because no scheduled delivery belongs to them.
    func noteDamage(_ rows: Int, at place: String) {
        statistics.damagedRows += rows
        output.notices.append(.damagedRows(rows, place: place))
    }
}
