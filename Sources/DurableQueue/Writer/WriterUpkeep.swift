import LMDB
import Scheduling
import Store
import WebhookModel

extension Refill.Findings {
    var isEmpty: Bool { unreadable.isEmpty && orphans.isEmpty && strays.isEmpty && brokenBatches.isEmpty }
}

/// What the upkeep of one transaction did, applied to memory only after its commit.
struct UpkeepPlan {
    var sweep: RetentionSweep?
    var nextSweep: Int64?
    var removedEvents = 0
    var cancelled = 0
    var unreadable: [Waiting] = []
    var purgesDone = 0
    var sequences = SequencePlan()
    var settlement: SettlementPlan?
    /// How far the first redelivery is now; nil: there is none.
    var redelivery: Redelivery?
    var redelivered: [EndpointNumber] = []
    var redeliveredBehind: Set<EndpointNumber> = []
}

extension WriterCore {
    /// Entries of a removed endpoint that one transaction cancels.
    static let purgeSlice = 2_048

    /// Retention, quarantine and the clean-up after removed endpoints: a slice of each.
    func writeUpkeep(
        _ book: ReportBook, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> UpkeepPlan {
        var plan = UpkeepPlan()
        if now >= nextSweep {
            var sweep = sweep
            let progress = try sweep.sweep(tables, limit: WriterCore.sweepSlice, now: now, in: transaction)
            plan.sweep = sweep
            plan.removedEvents = progress.removedEvents
            plan.sequences.brought = progress.released
            plan.nextSweep = progress.isAtYoungEnd ? now + WriterCore.sweepRest : now
        }
        plan.cancelled = try book.cancel(findings.orphans, now: now, in: transaction)
        for waiting in findings.unreadable {
            let account = ledger.account(waiting.pending.delivery.endpoint)
            try book.quarantine(waiting, account: account, plan: &plan.sequences, now: now, in: transaction)
        }
        plan.unreadable = findings.unreadable
        if let number = purges.first {
            let purged = try purge(number, book, now: now, in: transaction)
            plan.cancelled += purged.cancelled
            plan.purgesDone = purged.rows < WriterCore.purgeSlice ? 1 : 0
        }
        plan.settlement = try writeSettlement(now: now, in: transaction)
        try writeRedelivery(into: &plan, now: now, in: transaction)
        return plan
    }

    /// Cancels a slice of what a removed endpoint left on disk: parked, behind a head, waiting for company.
    ///
    /// - Returns: how many deliveries, and how many rows are dealt with; fewer than a slice: nothing is left.
    private func purge(
        _ number: EndpointNumber, _ book: ReportBook, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (cancelled: Int, rows: Int) {
        var parked: [Waiting] = []
        try tables.scanParked(of: number, after: EventPosition(0), in: transaction) { entry in
            if !ledger.known.contains(entry.delivery) { parked.append(Waiting(pending: entry, entry: .parked)) }
            return parked.count < WriterCore.purgeSlice
        }
        var cancelled = try book.cancel(parked, now: now, in: transaction)
        var rest = WriterCore.purgeSlice - parked.count
        let behind = try tables.takeBehind(of: number, limit: rest, in: transaction).map(\.delivery)
        rest -= behind.count
        let gathered = try tables.takeGathered(of: number, limit: rest, in: transaction).map(\.delivery)
        rest -= gathered.count
        for delivery in behind + gathered { try book.cancel(delivery, now: now, in: transaction) }
        cancelled += behind.count + gathered.count
        rest -= try tables.forgetHeads(of: number, limit: rest, in: transaction)
        return (cancelled, WriterCore.purgeSlice - rest)
    }

    /// Applies what was committed.
    func apply(_ plan: UpkeepPlan, now: Int64) {
        if let sweep = plan.sweep, let nextSweep = plan.nextSweep {
            self.sweep = sweep
            self.nextSweep = nextSweep
        }
        statistics.removedEvents += plan.removedEvents
        statistics.cancelled += plan.cancelled
        statistics.quarantined += plan.unreadable.count
        for waiting in plan.unreadable {
            ledger.forget(waiting.pending.delivery)
            backlog.finished(waiting.pending.delivery.endpoint)
        }
        applyRedelivery(plan, now: now)
        findings = Refill.Findings()
        purges.removeFirst(plan.purgesDone)
        apply(plan.sequences, now: now)
        if let settlement = plan.settlement { apply(settlement, now: now) }
    }

    // MARK: Dispatch

    /// Takes back what senders did not send.
    func takeBack(_ deliveries: [ReturnedDelivery], now: Int64) {
        for delivery in deliveries {
            if let orphan = ledger.takeBack(delivery, now: now) { findings.orphans.append(orphan) }
        }
        statistics.returned += deliveries.count
    }

    /// Brings due deliveries from the store to senders that have room.
    func refill(now: Int64) throws(LMDBError) {
        ledger.endPauses(now: now)
        if now >= ledger.nextDue { ledger.scanPending = true }
        let wantsScan = ledger.wantsScan(now: now)
        guard wantsScan || !ledger.refillList.isEmpty || !brought.isEmpty else { return }
        let refill = Refill(tables: tables)
        try directory.environment.read { snapshot throws(LMDBError) in
            try refill.hand(brought, &ledger, now: now, &findings, in: snapshot)
            brought.removeAll(keepingCapacity: true)
            try refill.refillEndpoints(&ledger, now: now, findings: &findings, in: snapshot)
            if wantsScan { try refill.scan(&ledger, now: now, findings: &findings, in: snapshot) }
        }
    }

    // MARK: Tenancy

    /// Applies changes in a transaction of their own, all or none.
    func change(_ changes: [TenancyChange], now: Int64) throws(LMDBError) -> Result<Void, TenancyError> {
        var planned = tenancy
        var edits: [TenancyState.Edit] = []
        do throws(TenancyError) {
            for change in changes { edits += try planned.apply(change) }
        } catch {
            return .failure(error)
        }
        guard !edits.isEmpty else { return .success(()) }
        do throws(LMDBError) {
            let transaction = try directory.environment.beginWrite()
            for edit in edits { try write(edit, in: transaction) }
            try tables.putCounters(planned.counters, in: transaction)
            try transaction.commit()
        } catch {
            guard error.isNoSpace || error.isMapFull else { throw error }
            return .failure(.storageFull)
        }
        statistics.commits += 1
        tenancy = planned
        adopt(edits)
        return .success(())
    }

    private func write(_ edit: TenancyState.Edit, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        switch edit {
        case .tenant(let row): try tables.put(row, in: transaction)
        case .endpoint(let row): try tables.put(row, seal: configuration.seal, in: transaction)
        case .removeEndpoint(let number): try tables.removeEndpoint(number, in: transaction)
        case .key(let row, let number): try tables.put(row, number: number, in: transaction)
        case .removeKey(let number): try tables.removeAPIKey(number, in: transaction)
        }
    }

    // Routing and accounts follow what was committed.
    private func adopt(_ edits: [TenancyState.Edit]) {
        var touched: Set<TenantNumber> = []
        for edit in edits {
            switch edit {
            case .tenant(let row):
                touched.insert(row.value.number)
            case .endpoint(let row):
                touched.insert(row.value.tenant)
            case .removeEndpoint(let number):
                if let account = ledger.account(number) { touched.insert(account.endpoint.tenant) }
                let orphans = ledger.remove(number)
                backlog.remove(number)
                findings.orphans += orphans.map { Waiting(pending: $0, entry: .due($0.dueAt)) }
                gatherings.put(GatheringTally(), of: number, nil)
                purges.append(number)
            case .key, .removeKey:
                break
            }
        }
        for tenant in touched {
            if let row = tenancy.tenants[tenant] { put(row.value) }
            routing.setEndpoints(tenancy.routes(of: tenant), of: tenant)
            for endpoint in tenancy.endpoints(of: tenant) {
                let before = ledger.account(endpoint.number)?.endpoint.settings
                put(tenancy.endpoints[endpoint.number]!.value)
                settle(endpoint, before)
            }
        }
    }
}
