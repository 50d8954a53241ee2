import LMDB
import Store
import WebhookModel

/// A slice of what a change of an endpoint's settings lets go.
struct SettlementPlan {
    var sequences = SequencePlan()
    /// The endpoint has no sequences any more.
    var endsOrder = false
    /// What waits for company still.
    var tally: GatheringTally?
    /// Nothing is left to do for the first of the unsettled.
    var isDone = false
}

extension WriterCore {
    /// Takes up what a restart found: endpoints with sequences, and those whose order was changed before all of them had moved on.
    func recoverSequences(_ recovered: RecoveredState) {
        for number in recovered.endpointsWithHeads {
            guard let account = ledger.account(number) else {
                purges.append(number)
                continue
            }
            ledger.update(number) { $0.hasSequences = true }
            if !account.endpoint.settings.order.isByKey { unsettled.append(number) }
        }
        for number in recovered.endpointsWithBehind where ledger.account(number) != nil {
            ledger.setBehind(number, true)
        }
        for number in recovered.endpointsWithHolds {
            if let account = ledger.account(number), account.endpoint.settings.order == .byKey(onDeadLetter: .skip) {
                unsettled.append(number)
            }
        }
    }

    /// An endpoint's settings were put: what no longer suits them is let go in slices.
    func settle(_ endpoint: Endpoint, _ before: Endpoint.Settings?) {
        guard let before else { return }
        let (number, settings) = (endpoint.number, endpoint.settings)
        if before.batch != settings.batch { gatherings.put(gatherings.tally(number), of: number, settings.batch) }
        let isBatchOver = settings.batch == nil && gatherings.tally(number).count > 0
        let isOrderLess =
            before.order != settings.order && ledger.account(number)?.hasSequences == true && !settings.order.holds
        if isBatchOver || isOrderLess, !unsettled.contains(number) { unsettled.append(number) }
    }

    /// Lets go what an endpoint's settings do not want any more: who waits for company where it makes no batches now, everybody behind a
    /// head where it has no order, held keys where it skips dead letters.
    func writeSettlement(now: Int64, in transaction: borrowing WriteTransaction) throws(LMDBError) -> SettlementPlan? {
        guard let number = unsettled.first else { return nil }
        var plan = SettlementPlan()
        var rest = WriterCore.purgeSlice
        guard let settings = ledger.account(number)?.endpoint.settings else {
            plan.isDone = true
            return plan
        }
        if settings.batch == nil {
            let freed = try tables.takeGathered(of: number, limit: rest, in: transaction)
            for entry in freed {
                let attempts = try tables.delivery(entry.delivery, in: transaction)?.attempts ?? 0
                let pending = PendingEntry(delivery: entry.delivery, dueAt: now, attempts: attempts)
                try bring([pending], into: &plan, now: now, in: transaction)
            }
            rest -= freed.count
            plan.tally = gatherings.tally(number)
            plan.tally?.remove(freed)
        }
        switch settings.order {
        case .none:
            let freed = try tables.takeBehind(of: number, limit: rest, in: transaction)
            try bring(freed, into: &plan, now: now, in: transaction)
            rest -= freed.count
            let forgotten = try tables.forgetHeads(of: number, limit: rest, in: transaction)
            rest -= forgotten
            plan.endsOrder = rest > 0
        case .byKey(.skip):
            let released = try tables.releaseHolds(of: number, limit: rest, now: now, in: transaction)
            plan.sequences.brought += released.heads
            rest -= released.ended
        case .byKey(.hold):
            break
        }
        plan.isDone = rest > 0
        return plan
    }

    private func bring(
        _ entries: [PendingEntry], into plan: inout SettlementPlan, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        for entry in entries {
            plan.sequences.brought.append(try tables.putDue(brought: entry, now: now, in: transaction))
        }
    }

    /// Whether deliveries wait for the commit of one of these reports.
    func holdsUp(_ reports: [AttemptReport]) -> Bool {
        ledger.somebodyIsBehind && reports.contains { ledger.account($0.delivery.endpoint)?.hasBehind == true }
    }

    // MARK: After the commit

    func apply(_ plan: SequencePlan, now: Int64) {
        for number in plan.cleared where ledger.account(number) != nil { ledger.setBehind(number, false) }
        for entry in plan.brought {
            // One whose own time is still to come is found by the scan.
            if entry.dueAt <= now + 1 {
                brought.append(entry)
            } else {
                ledger.nextDue = min(ledger.nextDue, entry.dueAt)
            }
        }
    }

    func apply(_ plan: SettlementPlan, now: Int64) {
        apply(plan.sequences, now: now)
        let number = unsettled[0]
        if plan.isDone { unsettled.removeFirst() }
        guard let settings = ledger.account(number)?.endpoint.settings else { return }
        if let tally = plan.tally { gatherings.put(tally, of: number, settings.batch) }
        guard plan.endsOrder else { return }
        ledger.setBehind(number, false)
        ledger.update(number) { $0.hasSequences = false }
    }

    // MARK: The owner's release

    /// Lets the events behind dead letters go on: those of one ordering key, or of all held keys of the endpoint.
    ///
    /// - Returns: how many keys were held; durable.
    func releaseKeys(
        tenant: String, endpoint: String, orderingKey: String?, now: Int64
    ) throws(LMDBError) -> Result<Int, TenancyError> {
        let number: EndpointNumber
        do throws(TenancyError) {
            number = try tenancy.endpoint(named: endpoint, ofTenant: tenant).value.number
        } catch {
            return .failure(error)
        }
        var keys = 0
        do throws(LMDBError) {
            while true {
                let released = try releaseSlice(number, orderingKey, now: now)
                keys += released
                guard orderingKey == nil, released == WriterCore.purgeSlice else { return .success(keys) }
            }
        } catch {
            guard error.isNoSpace || error.isMapFull else { throw error }
            return .failure(.storageFull)
        }
    }

    private func releaseSlice(_ number: EndpointNumber, _ orderingKey: String?, now: Int64) throws(LMDBError) -> Int {
        let transaction = try directory.environment.beginWrite()
        var plan = SequencePlan()
        let ended: Int
        if let orderingKey {
            let bytes = Array(orderingKey.utf8)
            let sequence = bytes.withUnsafeBytes { SequenceKey(endpoint: number, orderingKey: $0) }
            let release = try tables.release(sequence, now: now, in: transaction)
            plan.brought = release.next.map { [$0] } ?? []
            ended = release.wasHeld ? 1 : 0
        } else {
            let released = try tables.releaseHolds(of: number, limit: WriterCore.purgeSlice, now: now, in: transaction)
            plan.brought = released.heads
            ended = released.ended
        }
        statistics.adopt(try tables.pendingCount(in: transaction))
        try transaction.commit()
        statistics.commits += 1
        apply(plan, now: now)
        return ended
    }
}
