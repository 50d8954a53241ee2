package import LMDB
import Scheduling
package import Store
package import WebhookModel

/// The queue's decisions and its one write transaction. Takes `now` and a random generator; reads no clock, sleeps nowhere, starts no
/// thread. One thread at a time may use it.
///
/// A transaction is planned beside the state and applied to memory only after its commit, so one that finds no room leaves no trace.
package final class WriterCore {
    package let directory: DataDirectory
    let tables: Tables
    let configuration: QueueConfiguration
    /// Endpoints whose secrets were plain, or sealed under an older key.
    package let sealedAtStart: Int
    package var registry: EndpointRegistry
    package var dispatch: DispatchState
    package var statistics = QueueStatistics()
    var space: SpaceGauge
    private var readers = ReaderWatch()
    /// By which time is removed and judged.
    private(set) var trusted: TrustedTime
    var retryRates: RetryRates
    /// What waits for a batch.
    var gatherings = Gatherings()
    var pending: PendingUpkeep
    /// What is said to the outside after this turn.
    var output = TurnOutput()
    var random: any RandomNumberGenerator
    /// Malformed rows that were counted and logged: each scan steps over them again.
    private var knownMalformed: Set<String> = []
    private var headroom: FileHeadroom

    /// Recovers the state of the last commit.
    ///
    /// - Parameters:
    ///   - senders: an endpoint belongs to the sender of its number modulo this.
    ///   - random: for jitter and batch ids.
    /// - Throws: where a configuration row cannot be read, opened or sealed.
    package init(
        directory: DataDirectory, configuration: QueueConfiguration, senders: Int,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) throws(StoreError) {
        self.directory = directory
        self.random = random
        tables = directory.tables
        headroom = FileHeadroom(directory.environment)
        self.configuration = configuration
        let recovered = try directory.recover(seal: configuration.seal)
        sealedAtStart = recovered.endpointsToSeal.count
        if let seal = configuration.seal { try directory.reseal(recovered.endpointsToSeal, seal: seal) }
        registry = EndpointRegistry(
            senders: senders, retry: configuration.retry, tenantBacklog: configuration.tenantBacklog,
            counters: recovered.counters)
        dispatch = DispatchState(senders: senders, configuration: configuration)
        retryRates = RetryRates(perSecond: configuration.retriesPerSecond)
        space = SpaceGauge(reserve: configuration.diskReserveBytes)
        trusted = TrustedTime(lastCommit: recovered.lastCommitAt)
        pending = PendingUpkeep(
            sweep: RetentionSweep(
                retention: configuration.retention, deadLetterRetention: configuration.deadLetterRetention))
        statistics.adopt(recovered.pendingCount)
        for row in recovered.tenants { put(WriterCore.withRevision(row)) }
        for row in recovered.endpoints.sorted(by: { $0.value.number < $1.value.number }) {
            registry.put(WriterCore.withRevision(row), pending: recovered.pendingByEndpoint[row.value.number] ?? 0)
            hold(row.value, lastCommitAt: recovered.lastCommitAt)
        }
        for (number, row) in recovered.keys { registry.put(WriterCore.withRevision(row), number: number) }
        for number in recovered.endpointsWithParked {
            if registry.contains(number) {
                dispatch.markParked(number, &registry)
            } else {
                pending.purges.append(number)
            }
        }
        recoverSequences(recovered)
        recoverGatherings(recovered)
        note(recovered.skipped)
    }

    /// A row of before there were revisions is the first of its own: 0 says that there is no row.
    private static func withRevision<Value>(_ row: Stored<Value>) -> Stored<Value> {
        var row = row
        row.revision = max(row.revision, 1)
        return row
    }

    // MARK: When

    /// Looks at the clock: before everything that takes a time.
    package func follow(now: Int64, wall: Int64) {
        let change = trusted.follow(now: now, wall: wall)
        if change != .none { output.notices.append(.clock(change)) }
    }

    /// Whether there is upkeep to write though no command came.
    package func wantsUpkeep(now: Int64) -> Bool {
        guard now >= pending.retryAt else { return false }
        return pending.isDue(now: now) || gatherings.nextAt <= now || dispatch.lotIsFull
            || (space.refusal != nil && space.isDue(now: now))
    }

    /// When to wake though nobody rings, Unix milliseconds.
    package func nextWake(now: Int64) -> Int64 {
        let upkeep = max(min(gatherings.nextAt, pending.nextSweep, pending.nextGiveUp), pending.retryAt)
        let retry = pending.retryAt > now ? pending.retryAt : .max
        return min(
            dispatch.nextScan, dispatch.nextDue, dispatch.nextPauseEnd, upkeep, retry,
            now + Limits.spaceCheckMilliseconds)
    }

    // MARK: Transactions

    /// Writes and commits the work; batches come back decided.
    ///
    /// - Throws: what is fatal: the commit is in doubt, the process must stop and recover.
    package func perform(_ work: Work, now: Int64) throws(LMDBError) {
        var work = work
        if !pending.deferredReports.isEmpty { work.reports = pending.deferredReports + work.reports }
        if space.isDue(now: now) {
            try space.look(directory, now: now)
            for news in try readers.look(directory.environment, now: now) { output.notices.append(.readers(news)) }
        }
        if space.refusal != nil { refuse(work.batches) }
        giveUpEndpoints(now: now)
        do throws(LMDBError) {
            try transact(work, now: now)
            pending.deferredReports = []
        } catch {
            guard error.isNoSpace || error.isMapFull else { throw error }
            statistics.failedCommits += 1
            space.close(error, now: now)
            pending.retryAt = now + Limits.noSpaceRetryMilliseconds
            refuse(work.batches)
            // Attempt results are tried once more without the events; what fails then waits for room.
            do throws(LMDBError) {
                try transact(Work(reports: work.reports), now: now)
                pending.deferredReports = []
            } catch {
                guard error.isNoSpace || error.isMapFull else { throw error }
                statistics.failedCommits += 1
                pending.deferredReports = work.reports
            }
        }
    }

    func refuse(_ batches: [EventBatch]) {
        for batch in batches {
            statistics.refusedForSpace += batch.drafts.count { $0.result == .undecided }
            batch.settle(.storageFull, retryAfter: Limits.storageFullRetryMilliseconds)
        }
    }

    /// Performs a transaction. Where it meets a damaged page it is tried again with less (`DamagedPages.swift`).
    private func transact(_ work: Work, now: Int64) throws(LMDBError) {
        do throws(LMDBError) {
            try transactOnce(work, now: now)
        } catch {
            guard error.isCorruption else { throw error }
            try transactBesideDamage(work, after: error, now: now)
        }
    }

    /// One transaction, and what follows from its commit.
    func transactOnce(_ work: Work, upkeep: UpkeepScope = .all, now: Int64) throws(LMDBError) {
        var plan = TransactionPlan(work, nextPosition: registry.counters.nextPosition, now: now)
        if upkeep != .none, dispatch.lotIsFull || pending.isParking {
            plan.parking = dispatch.takeForParking(limit: Limits.parkedPerCommit, &registry)
        }
        if upkeep != .none { plan.forming = gatherings.takeDue(now: now, &registry) }
        do throws(LMDBError) {
            try write(&plan, upkeep: upkeep)
        } catch {
            dispatch.parkingFailed(plan.parking, &registry)
            formingFailed(plan.forming)
            registry.forgetTransaction()
            retryRates.forget()
            throw error
        }
        apply(plan)
    }

    private func write(_ plan: inout TransactionPlan, upkeep: UpkeepScope) throws(LMDBError) {
        let now = plan.now
        headroom.keep(directory.environment)
        let transaction = try directory.environment.beginWrite()
        plan.number = transaction.number
        try write(plan.work.setAside, now: now, in: transaction)
        let writer = ReportWriter(tables: tables)
        plan.reports.finished.reserveCapacity(plan.work.reports.count)
        for report in plan.work.reports {
            try writer.write(
                report, slot: registry.slot(report.delivery.endpoint), &registry, plan: &plan.reports,
                rates: &retryRates, now: now, random: &random, in: transaction)
        }
        plan.health = try writeHealth(plan.work.reports, now: trusted.value, clock: now, in: transaction)
        let publisher = Publisher(tables: tables)
        for (number, batch) in plan.work.batches.enumerated() {
            try publisher.publish(
                batch, number: number, &registry, plan: &plan.publishes, now: now, in: transaction)
        }
        for entry in plan.publishes.gathered { plan.batches.add(entry, beside: registry) }
        if upkeep != .none { try writeStrays(writer, plan: &plan.batches, now: now, in: transaction) }
        if !plan.forming.isEmpty || !plan.batches.tallies.isEmpty {
            try writeBatches(plan.forming, plan: &plan.batches, now: now, in: transaction)
        }
        if !plan.parking.isEmpty { try tables.park(plan.parking, in: transaction) }
        if upkeep != .none {
            plan.upkeep = try writeUpkeep(writer, withSweep: upkeep == .all, now: now, in: transaction)
        }
        for endpoint in plan.upkeep?.job?.redelivered ?? [] {
            registry.planDelivery(of: endpoint, plan: &plan.publishes.made)
        }
        // The key of the last event tells the position after it, until the sweep removes that event too.
        if let upkeep = plan.upkeep, upkeep.removedEvents > 0 {
            try tables.putNextPosition(plan.publishes.nextPosition, in: transaction)
        }
        plan.counts = try tables.pendingCount(in: transaction)
        try transaction.commit()
    }

    // MARK: After the commit

    private func apply(_ plan: TransactionPlan) {
        let now = plan.now
        registry.commitTransaction(plan.publishes.made)
        retryRates.commit()
        if let upkeep = plan.upkeep { apply(upkeep, now: now) }
        apply(plan.work.setAside, now: now)
        apply(plan.reports, plan.work.reports, now: now)
        apply(plan.health)
        apply(plan.publishes, plan.work.batches, commit: plan.number, now: now)
        apply(plan.batches)
        noteBacklogs(plan.publishes.backlogNews)
        dispatch.parked(plan.parking, &registry)
        statistics.parkedDeliveries += plan.parking.count
        pending.isParking = !plan.parking.isEmpty && dispatch.lotCount > configuration.lotLimit / 4
        statistics.commits += 1
        if let counts = plan.counts { statistics.adopt(counts) }
    }

    private func apply(_ plan: ReportPlan, _ reports: [AttemptReport], now: Int64) {
        for report in reports { dispatch.release(report, now: now, &registry) }
        for endpoint in plan.finished { registry.finished(endpoint) }
        dispatch.noteDue(at: plan.earliestRetry)
        statistics.attempts += reports.count
        statistics.delivered += plan.delivered
        statistics.retriesScheduled += plan.retries
        statistics.batchesHalved += plan.halved
        statistics.deadLettered += plan.deadLettered
        statistics.cancelled += plan.cancelled
        apply(plan.sequences, now: now)
    }

    private func apply(_ plan: PublishPlan, _ batches: [EventBatch], commit: UInt64, now: Int64) {
        registry.counters.nextPosition = plan.nextPosition
        dispatch.noteDue(at: plan.earliestFuture)
        statistics.deliveriesMade += plan.deliveries
        for number in plan.behind { dispatch.setBehind(number, true, &registry) }
        for (batch, results) in zip(batches, plan.results) {
            batch.commit = commit
            for index in results.indices {
                batch.drafts[index].result = results[index]
                if results[index] == .throttled, batch.drafts[index].retryAfter == 0 {
                    batch.drafts[index].retryAfter = Limits.backlogRetryMilliseconds
                }
                statistics.count(results[index])
            }
        }
        // One event may go to several endpoints: its bytes are copied once.
        var event: (position: EventPosition, event: Event)?
        for hint in plan.hints {
            let batch = batches[hint.batch]
            let draft = batch.drafts[hint.draft]
            let dueAt = max(draft.record.deliverAt, now)
            let slot = registry.slot(hint.endpoint.number)
            switch dispatch.placement(slot, bytes: Int(draft.span.count), now: now, &registry) {
            case .hand:
                if event?.position != hint.position {
                    let made = Event(
                        position: hint.position, tenant: draft.tenant, acceptedAt: now,
                        bytes: Array(batch.bytes[draft.span.range]), record: draft.record)
                    event = (hint.position, made)
                }
                dispatch.hand(
                    DueDelivery(event: event!.event, endpoint: hint.endpoint, attempt: 1, entry: .due(dueAt)),
                    slot: slot!, now: now, &registry)
            case .wait:
                let delivery = DeliveryID(position: hint.position, endpoint: hint.endpoint.number)
                dispatch.wait(PendingEntry(delivery: delivery, dueAt: dueAt, attempts: 0), slot: slot!, &registry)
            case .leave:
                dispatch.leave(toScanOf: registry[slot!].sender, now: now)
            case .orphan:
                dispatch.leave(toScanOf: Int(hint.endpoint.number.value) % dispatch.senders.count, now: now)
            }
        }
    }

    /// Tells the operator of tenants whose backlog is full, or has room again.
    private func noteBacklogs(_ news: [(tenant: TenantNumber, isOver: Bool)]) {
        for (number, isOver) in news {
            let tenant = registry.tenant(number)?.value
            let limit = tenant?.settings.backlog ?? configuration.tenantBacklog
            output.notices.append(.backlog(tenant: tenant?.name ?? "", limit: limit, isOver: isOver))
        }
    }

    // MARK: Dispatch

    /// Takes deliveries back that senders did not send.
    package func takeBack(_ deliveries: [ReturnedDelivery], now: Int64) {
        for delivery in deliveries {
            if let orphan = dispatch.takeBack(delivery, now: now, &registry) { pending.findings.orphans.append(orphan) }
            noteHold(delivery)
        }
        statistics.returned += deliveries.count
    }

    /// Reads due deliveries from the store for senders that have room.
    package func refill(now: Int64) throws(LMDBError) {
        dispatch.endPauses(now: now, &registry)
        dispatch.wakeScans(now: now)
        let wantsScan = dispatch.nextScan <= now
        guard wantsScan || !dispatch.refillList.isEmpty || !pending.toHand.isEmpty else { return }
        let refill = Refill(tables: tables, now: now)
        try directory.environment.read { snapshot throws(LMDBError) in
            try refill.hand(pending.toHand, &dispatch, &registry, &pending.findings, in: snapshot)
            pending.toHand.removeAll(keepingCapacity: true)
            try refill.refillEndpoints(&dispatch, &registry, &pending.findings, in: snapshot)
            if wantsScan { try refill.scan(&dispatch, &registry, &pending.findings, in: snapshot) }
        }
        for skipped in pending.findings.malformed { note(skipped) }
        pending.findings.malformed = []
    }

    /// Counts and logs malformed rows that a scan stepped over, each place once.
    func note(_ skipped: SkippedRows) {
        guard let first = skipped.first?.description, !knownMalformed.contains(first) else { return }
        if knownMalformed.count < Limits.rememberedMalformedRows { knownMalformed.insert(first) }
        noteDamage(skipped.count, at: first)
    }
}
