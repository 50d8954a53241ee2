import LMDB
import Store
import WebhookModel

/// A slice of the clean-up after a change of an endpoint's order.
struct SettlementPlan {
    var sequences = SequencePlan()
    /// The endpoint has no sequences any more.
    var ended: EndpointNumber?
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
    func settle(_ endpoint: Endpoint) {
        let number = endpoint.number
        guard ledger.account(number)?.hasSequences == true, !endpoint.settings.order.holds, !unsettled.contains(number) else { return }
        unsettled.append(number)
    }

    /// Lets go what an endpoint's settings do not want any more: everybody behind a head where it has no order now, held keys where it
    /// skips dead letters.
    func writeSettlement(now: Int64, in transaction: borrowing WriteTransaction) throws(LMDBError) -> SettlementPlan? {
        guard let number = unsettled.first else { return nil }
        var plan = SettlementPlan()
        guard let account = ledger.account(number), !account.endpoint.settings.order.holds else {
            plan.isDone = true
            return plan
        }
        guard !account.endpoint.settings.order.isByKey else {
            let released = try tables.releaseHolds(of: number, limit: WriterCore.purgeSlice, now: now, in: transaction)
            plan.sequences.brought = released.heads
            plan.isDone = released.ended < WriterCore.purgeSlice
            return plan
        }
        let freed = try tables.takeBehind(of: number, limit: WriterCore.purgeSlice, in: transaction)
        for entry in freed { plan.sequences.brought.append(try tables.putDue(brought: entry, now: now, in: transaction)) }
        let rest = WriterCore.purgeSlice - freed.count
        let forgotten = try rest > 0 ? tables.forgetHeads(of: number, limit: rest, in: transaction) : 0
        plan.isDone = forgotten < rest
        if plan.isDone { plan.ended = number }
        return plan
    }

    /// Cancels those behind the heads of a removed endpoint and forgets its sequences.
    ///
    /// - Returns: how many deliveries, and how many rows are dealt with; fewer than `limit`: nothing is left.
    func purgeSequences(
        of number: EndpointNumber, limit: Int, _ book: ReportBook, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (cancelled: Int, rows: Int) {
        let doomed = try tables.takeBehind(of: number, limit: limit, in: transaction)
        for entry in doomed { try book.cancel(entry, now: now, in: transaction) }
        guard doomed.count < limit else { return (doomed.count, doomed.count) }
        let forgotten = try tables.forgetHeads(of: number, limit: limit - doomed.count, in: transaction)
        return (doomed.count, doomed.count + forgotten)
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
            if entry.dueAt <= now + 1 { brought.append(entry) } else { ledger.nextDue = min(ledger.nextDue, entry.dueAt) }
        }
    }

    func apply(_ plan: SettlementPlan, now: Int64) {
        apply(plan.sequences, now: now)
        if plan.isDone { unsettled.removeFirst() }
        // Ordered again meanwhile: then it keeps them.
        guard let number = plan.ended, ledger.account(number)?.endpoint.settings.order.isByKey == false else { return }
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
