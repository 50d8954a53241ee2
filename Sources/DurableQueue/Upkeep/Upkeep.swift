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
    /// The endpoint of each delivery that became a dead letter because its endpoint was given up.
    var givenUp: [EndpointNumber] = []
    /// Removed endpoints whose rows are gone now.
    var forgotten: [EndpointNumber] = []
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
            let progress = try sweep.sweep(
                tables, limit: Limits.sweepSlice, now: trusted.value, clock: now, in: transaction)
            plan.sweep = sweep
            plan.removedEvents = progress.removedEvents
            plan.sequences.toHand = progress.released
            plan.nextSweep = progress.isAtYoungEnd ? now + Limits.sweepRestMilliseconds : now
        }
        // One that was created again meanwhile stays.
        plan.forgotten = pending.doomed.filter { registry.contains($0) && !registry.isLive($0) }
        for number in plan.forgotten { try tables.removeEndpoint(number, in: transaction) }
        try writeOrphans(writer, &plan, now: now, in: transaction)
        for waiting in pending.findings.unreadable {
            let slot = registry.slot(waiting.pending.delivery.endpoint)
            if try writer.quarantine(waiting, slot: slot, registry, plan: &plan.sequences, now: now, in: transaction) {
                plan.quarantined.append(waiting.pending.delivery)
            } else {
                plan.damagedEntries += 1
            }
        }
        if let number = pending.purges.first {
            let rows = try purge(number, writer, &plan, now: now, in: transaction)
            plan.purgesDone = rows < Limits.upkeepSlice ? 1 : 0
        }
        plan.settlement = try writeSettlement(now: now, in: transaction)
        plan.job = try writeJob(now: now, in: transaction)
        plan.repairs = try writeRepairs(now: now, in: transaction)
        // What is believed, not what the clock says: a second start with the same wrong clock must find the leap too.
        let time = trusted.value
        if abs(time - pending.lastCommitAt) >= Limits.lastCommitMilliseconds {
            try tables.putLastCommit(time, in: transaction)
            plan.lastCommitAt = time
        }
        return plan
    }

    /// Gives up the endpoints whose deliveries have waited long enough: what waits for them in memory is found, and what waits on disk is
    /// dealt with slice by slice.
    func giveUpEndpoints(now: Int64) {
        guard now >= pending.nextGiveUp else { return }
        pending.nextGiveUp = now + Limits.sweepRestMilliseconds
        pending.doomed = registry.endpointsToForget(
            now: trusted.value, after: configuration.removedHold + configuration.deadLetterRetention)
        for slot in registry.slotsToGiveUp(now: trusted.value, removedHold: configuration.removedHold) {
            let record = registry[slot]
            for entry in dispatch.giveUp(slot, &registry) {
                pending.findings.orphans.append(Waiting(pending: entry, entry: .due(entry.dueAt)))
            }
            pending.purges.append(record.number)
            guard record.pending > 0 else { continue }
            output.notices.append(
                .givenUp(
                    tenant: record.endpoint.tenantName, endpoint: record.endpoint.name, waiting: record.pending,
                    outcome(ofGivenUp: slot)))
        }
    }

    private func outcome(ofGivenUp slot: Int) -> Outcome {
        registry[slot].removedAt == nil ? .endpointDisabled : .endpointRemoved
    }

    /// An endpoint that was given up is wanted again: what was found of it, and is no dead letter yet, waits for it again.
    func takeUpAgain(_ number: EndpointNumber) {
        pending.purges.removeAll { $0 == number }
        for orphan in pending.findings.orphans where orphan.pending.delivery.endpoint == number {
            dispatch.forget(orphan.pending.delivery)
            switch orphan.entry {
            case .due: pending.toHand.append(orphan.pending)
            case .parked:
                _ = registry.update(number) { $0.readParkedAgain(from: orphan.pending.delivery.position) }
                dispatch.markParked(number, &registry)
            }
        }
        pending.findings.orphans.removeAll { $0.pending.delivery.endpoint == number }
    }

    /// Deliveries that were found without an endpoint that waits for them: dead letters, or cancelled where not even its row is there.
    private func writeOrphans(
        _ writer: ReportWriter, _ plan: inout UpkeepPlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        var rest: [Waiting] = []
        var given: [Outcome: [Waiting]] = [:]
        for orphan in pending.findings.orphans {
            if let slot = registry.slot(orphan.pending.delivery.endpoint) {
                given[outcome(ofGivenUp: slot), default: []].append(orphan)
            } else {
                rest.append(orphan)
            }
        }
        for (outcome, entries) in given {
            let result = try writer.giveUp(entries, as: outcome, plan: &plan.sequences, now: now, in: transaction)
            plan.givenUp += result.finished
            plan.damagedEntries += result.damaged
        }
        let cancelled = try writer.cancel(rest, now: now, in: transaction)
        plan.cancelled = cancelled.deliveries
        plan.damagedEntries += cancelled.damaged
    }

    /// Deals with a slice of what waits on disk for an endpoint that was given up: parked, behind a head, waiting for a batch.
    ///
    /// - Returns: how many rows; fewer than a slice: nothing is left.
    private func purge(
        _ number: EndpointNumber, _ writer: ReportWriter, _ plan: inout UpkeepPlan, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Int {
        let outcome = registry.slot(number).map { self.outcome(ofGivenUp: $0) } ?? .endpointRemoved
        var parked: [Waiting] = []
        try tables.scanParked(of: number, after: EventPosition(0), in: transaction) { entry in
            if !dispatch.known.contains(entry.delivery) { parked.append(Waiting(pending: entry, entry: .parked)) }
            return parked.count < Limits.upkeepSlice
        }
        let given = try writer.giveUp(parked, as: outcome, plan: &plan.sequences, now: now, in: transaction)
        plan.givenUp += given.finished
        plan.damagedEntries += given.damaged
        var rest = Limits.upkeepSlice - parked.count
        let behind = try tables.takeBehind(of: number, limit: rest, in: transaction).map(\.delivery)
        rest -= behind.count
        if !behind.isEmpty, try !tables.hasBehind(number, in: transaction) { plan.sequences.cleared.append(number) }
        // An endpoint that has a row makes batches on, whose leaders are found as single deliveries are.
        let gathered =
            registry.contains(number)
            ? [] : try tables.takeGathered(of: number, limit: rest, in: transaction).map(\.delivery)
        rest -= gathered.count
        for delivery in behind + gathered {
            let isGivenUp = try writer.giveUp(delivery, as: outcome, now: now, in: transaction)
            if isGivenUp { plan.givenUp.append(delivery.endpoint) }
        }
        rest -= try tables.forgetHeads(of: number, limit: rest, in: transaction)
        return Limits.upkeepSlice - rest
    }

    /// Applies what was committed.
    func apply(_ plan: UpkeepPlan, now: Int64) {
        if let sweep = plan.sweep, let nextSweep = plan.nextSweep {
            pending.sweep = sweep
            pending.nextSweep = nextSweep
        }
        statistics.removedEvents += plan.removedEvents
        statistics.cancelled += plan.cancelled
        statistics.deadLettered += plan.givenUp.count
        for endpoint in plan.givenUp { registry.finished(endpoint) }
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
        for number in plan.forgotten { forget(number) }
        pending.doomed = []
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
