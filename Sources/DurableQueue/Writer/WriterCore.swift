import LMDB
import Scheduling
import Store
import WebhookModel

/// The queue's decisions and its one write transaction. Owned by the writer thread; takes `now`, reads no clock.
///
/// A transaction is planned on copies and applied to memory only after its commit, so one that finds no room leaves no trace.
final class WriterCore {
    let directory: DataDirectory
    let tables: Tables
    let configuration: QueueConfiguration
    /// Endpoints whose secrets were plain, or sealed under an older key.
    let sealedAtStart: Int
    var tenancy: TenancyState
    var routing = RoutingTable()
    var ledger: DispatchLedger
    var statistics = QueueStatistics()
    /// What owners and operators should hear, since the last turn.
    var notices: [Notice] = []
    var space: SpaceGauge
    var backlog = Backlog()
    var retryRates: RetryRates
    /// Dead letters that somebody wants delivered, in the order in which they were asked for.
    var redeliveries: [RedeliveryJob] = []
    /// To be called once what they tell is durable.
    var answers: [() -> Void] = []
    var sweep: RetentionSweep
    /// Reports whose transaction found no room: they come first in the next.
    var deferredReports: [AttemptReport] = []
    var findings = Refill.Findings()
    /// Removed endpoints whose parked deliveries are still to be cancelled.
    var purges: [EndpointNumber] = []
    /// Endpoints whose order was changed while they had sequences: some are still to be let go.
    var unsettled: [EndpointNumber] = []
    /// What came into the due index from behind a head and is due: handed over with the next refill.
    var brought: [PendingEntry] = []
    /// What waits for company at endpoints that make batches.
    var gatherings = Gatherings()
    var random = SystemRandomNumberGenerator()
    private var headroom: FileHeadroom
    var nextSweep: Int64 = 0
    /// Parking goes on, slice by slice, until the lots are nearly empty.
    private var isParking = false

    /// After a commit that found no room: upkeep and deferred outcomes are not tried before. Unix milliseconds.
    private var retryAt = Int64.min
    static let retryInterval: Int64 = 100
    static let sweepSlice = 512
    static let sweepRest: Int64 = 10_000

    init(directory: DataDirectory, configuration: QueueConfiguration, senders: Int) throws(StoreError) {
        self.directory = directory
        tables = directory.tables
        headroom = FileHeadroom(directory.environment)
        self.configuration = configuration
        let recovered = try directory.recover(seal: configuration.seal)
        sealedAtStart = recovered.endpointsToSeal.count
        if let seal = configuration.seal { try directory.reseal(recovered.endpointsToSeal, seal: seal) }
        tenancy = TenancyState(recovered, retry: configuration.retry)
        retryRates = RetryRates(perSecond: configuration.retriesPerSecond)
        ledger = DispatchLedger(senders: senders, configuration: configuration)
        space = SpaceGauge(reserve: configuration.diskReserveBytes)
        sweep = RetentionSweep(
            retention: configuration.retention, deadLetterRetention: configuration.deadLetterRetention)
        statistics.adopt(recovered.pendingCount)
        for tenant in tenancy.tenants.values { put(tenant.value) }
        for endpoint in tenancy.endpoints.values {
            put(endpoint.value, pending: recovered.pendingByEndpoint[endpoint.value.number] ?? 0)
        }
        for tenant in tenancy.tenants.keys { routing.setEndpoints(tenancy.routes(of: tenant), of: tenant) }
        for (number, row) in tenancy.endpoints where row.value.failingSince != nil {
            ledger.update(number) { $0.isFailing = true }
        }
        for number in recovered.endpointsWithParked {
            if ledger.account(number) != nil { ledger.markParked(number) } else { purges.append(number) }
        }
        recoverSequences(recovered)
        recoverGatherings(recovered)
    }

    /// What one transaction takes.
    struct Work {
        var batches: [EventBatch] = []
        var reports: [AttemptReport] = []

        var isEmpty: Bool { batches.isEmpty && reports.isEmpty }
    }

    /// Whether there is upkeep to write though no command came.
    func wantsUpkeep(now: Int64) -> Bool {
        guard now >= retryAt else { return false }
        return !deferredReports.isEmpty || !findings.isEmpty || !purges.isEmpty || !redeliveries.isEmpty
            || !unsettled.isEmpty
            || gatherings.nextAt <= now || ledger.lotIsFull || isParking
            || now >= nextSweep || (space.refusal != nil && space.isDue(now: now))
    }

    /// When to wake though nobody rings, Unix milliseconds.
    func nextWake(now: Int64) -> Int64 {
        if ledger.wantsScan(now: now) { return now }
        let scan = ledger.scanPending && ledger.scanNotBefore > now ? ledger.scanNotBefore : .max
        let retry = retryAt > now ? retryAt : .max
        // A scan that is pending looks at what is due already: its time has come, so it must not wake the writer again and again.
        let due = ledger.scanPending ? .max : ledger.nextDue
        let upkeep = max(min(gatherings.nextAt, nextSweep), retryAt)
        return min(due, upkeep, ledger.nextPauseEnd, scan, retry, now + SpaceGauge.interval)
    }

    // MARK: Transactions

    /// Writes and commits the work; batches come back decided.
    ///
    /// - Throws: what is fatal: the commit is in doubt, the process must stop and recover.
    func perform(_ work: Work, now: Int64) throws(LMDBError) {
        var work = work
        if !deferredReports.isEmpty { work.reports = deferredReports + work.reports }
        if space.isDue(now: now) { try space.look(directory, now: now) }
        if space.refusal != nil { refuse(work.batches) }
        do throws(LMDBError) {
            try transact(work, now: now)
            deferredReports = []
        } catch {
            guard error.isNoSpace || error.isMapFull else { throw error }
            statistics.failedCommits += 1
            space.close(error, now: now)
            retryAt = now + WriterCore.retryInterval
            refuse(work.batches)
            // Outcomes are tried once more without the events; what fails then waits for room.
            do throws(LMDBError) {
                try transact(Work(batches: [], reports: work.reports), now: now)
                deferredReports = []
            } catch {
                guard error.isNoSpace || error.isMapFull else { throw error }
                statistics.failedCommits += 1
                deferredReports = work.reports
            }
        }
    }

    private func refuse(_ batches: [EventBatch]) {
        for batch in batches {
            statistics.refusedForSpace += batch.drafts.count { $0.result == .undecided }
            batch.settle(.storageFull, retryAfter: 1_000)
        }
    }

    private func transact(_ work: Work, now: Int64) throws(LMDBError) {
        let parking = ledger.lotIsFull || isParking ? ledger.takeForParking(limit: Limits.parkedPerCommit) : []
        let forming = gatherings.takeDue(now: now)
        do throws(LMDBError) {
            try write(work, parking: parking, forming: forming, now: now)
        } catch {
            ledger.parkingFailed(parking)
            formingFailed(forming)
            throw error
        }
        ledger.parked(parking)
        statistics.parkedDeliveries += parking.count
        isParking = !parking.isEmpty && ledger.lotCount > configuration.lotLimit / 4
    }

    private func write(_ work: Work, parking: [PendingEntry], forming: [EndpointNumber], now: Int64) throws(LMDBError) {
        headroom.keep(directory.environment)
        let transaction = try directory.environment.beginWrite()
        let commit = transaction.number

        backlog.begin()
        retryRates.begin()
        var reportPlan = ReportPlan()
        reportPlan.finished.reserveCapacity(work.reports.count)
        let book = ReportBook(tables: tables)
        for report in work.reports {
            try book.write(
                report, account: ledger.account(report.delivery.endpoint), plan: &reportPlan, rates: &retryRates,
                now: now,
                random: &random, in: transaction)
        }
        let health = try writeHealth(work.reports, now: now, in: transaction)
        var publishPlan = PublishPlan(nextPosition: tenancy.counters.nextPosition)
        let publisher = Publisher(tables: tables)
        for (number, batch) in work.batches.enumerated() {
            try publisher.publish(
                batch, number: number, tenants: tenancy.tenants, routing: &routing, backlog: &backlog,
                plan: &publishPlan,
                now: now, in: transaction)
        }
        var batchPlan = BatchPlan()
        for entry in publishPlan.gathered { batchPlan.add(entry, beside: gatherings.tally(entry.delivery.endpoint)) }
        try writeStrays(book, plan: &batchPlan, now: now, in: transaction)
        if !forming.isEmpty || !batchPlan.tallies.isEmpty {
            try writeBatches(forming, plan: &batchPlan, now: now, in: transaction)
        }
        if !parking.isEmpty { try tables.park(parking, in: transaction) }
        let upkeep = try writeUpkeep(book, now: now, in: transaction)
        // The last event's key tells the position after it, until the sweep takes that event too.
        if upkeep.removedEvents > 0 { try tables.putNextPosition(publishPlan.nextPosition, in: transaction) }
        let pending = try tables.pendingCount(in: transaction)
        try transaction.commit()

        backlog.commit()
        retryRates.commit()
        apply(upkeep, now: now)
        apply(reportPlan, work.reports, now: now)
        apply(health)
        apply(publishPlan, work.batches, commit: commit, now: now)
        apply(batchPlan)
        noteBacklogs()
        statistics.commits += 1
        statistics.adopt(pending)
    }

    // MARK: After the commit

    private func apply(_ plan: ReportPlan, _ reports: [AttemptReport], now: Int64) {
        for report in reports { ledger.release(report, now: now) }
        for endpoint in plan.finished { backlog.finished(endpoint) }
        ledger.nextDue = min(ledger.nextDue, plan.earliestRetry)
        statistics.attempts += reports.count
        statistics.delivered += plan.delivered
        statistics.retriesScheduled += plan.retries
        statistics.deadLettered += plan.deadLettered
        statistics.cancelled += plan.cancelled
        apply(plan.sequences, now: now)
    }

    private func apply(_ plan: PublishPlan, _ batches: [EventBatch], commit: UInt64, now: Int64) {
        tenancy.counters.nextPosition = plan.nextPosition
        ledger.nextDue = min(ledger.nextDue, plan.earliestFuture)
        statistics.deliveriesMade += plan.deliveries
        for number in plan.behind { ledger.setBehind(number, true) }
        for (batch, results) in zip(batches, plan.results) {
            batch.commit = commit
            for index in results.indices {
                batch.drafts[index].result = results[index]
                if results[index] == .throttled, batch.drafts[index].retryAfter == 0 {
                    batch.drafts[index].retryAfter = WriterCore.backlogRetryAfter
                }
                count(results[index])
            }
        }
        // One event may go to several endpoints: its bytes are copied once.
        var event: (position: EventPosition, event: Event)?
        for hint in plan.hints {
            let batch = batches[hint.batch]
            let draft = batch.drafts[hint.draft]
            let delivery = DeliveryID(position: hint.position, endpoint: hint.endpoint.number)
            let dueAt = max(draft.record.deliverAt, now)
            switch ledger.placement(hint.endpoint.number, bytes: Int(draft.span.count), now: now) {
            case .hand:
                if event?.position != hint.position {
                    let made = Event(
                        position: hint.position, tenant: draft.tenant, acceptedAt: now,
                        bytes: Array(batch.bytes[draft.span.range]), record: draft.record)
                    event = (hint.position, made)
                }
                ledger.hand(
                    DueDelivery(
                        event: event!.event, endpoint: hint.endpoint, attempt: 1, entry: .due(dueAt)), now: now)
            case .wait:
                ledger.wait(PendingEntry(delivery: delivery, dueAt: dueAt, attempts: 0))
            case .leave, .orphan:
                ledger.scanPending = true
            }
        }
    }

    private func count(_ result: EventResult) {
        switch result {
        case .accepted: statistics.accepted += 1
        case .acceptedNoMatch: statistics.acceptedWithoutMatch += 1
        case .duplicate: statistics.duplicates += 1
        case .conflict: statistics.conflicts += 1
        case .throttled: statistics.throttled += 1
        // Counted where it was refused.
        case .storageFull: break
        default: statistics.otherRefusals += 1
        }
    }
}
