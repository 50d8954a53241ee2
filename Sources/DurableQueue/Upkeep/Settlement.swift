import LMDB
import Store
import WebhookModel

/// A slice of what a change of an endpoint's settings releases.
struct SettlementPlan {
    var sequences = SequencePlan()
    /// The endpoint has no sequences any more.
    var endsOrder = false
    /// What waits for a batch still.
    var tally: GatheringTally?
    /// Nothing is left to do for the first of the unsettled endpoints.
    var isDone = false
}

extension WriterCore {
    /// Takes up what a restart found: endpoints with sequences, and those whose order was changed before all of them had moved on.
    func recoverSequences(_ recovered: RecoveredState) {
        for number in recovered.endpointsWithHeads {
            guard let endpoint = registry.endpoint(number) else {
                pending.purges.append(number)
                continue
            }
            _ = registry.update(number) { $0.hasSequences = true }
            if !endpoint.settings.order.isByKey { pending.unsettled.append(number) }
        }
        for number in recovered.endpointsWithBehind { dispatch.setBehind(number, true, &registry) }
        for number in recovered.endpointsWithHolds
        where registry.endpoint(number)?.settings.order == .byKey(onDeadLetter: .skip) {
            pending.unsettled.append(number)
        }
    }

    /// An endpoint's settings were put: what no longer suits them is released in slices.
    func settle(_ number: EndpointNumber, before: Endpoint.Settings) {
        guard let slot = registry.slot(number) else { return }
        let settings = registry[slot].endpoint.settings
        if before.batch != settings.batch { gatherings.put(registry[slot].gathering, of: number, &registry) }
        let isBatchOver = settings.batch == nil && registry[slot].gathering.count > 0
        let isOrderLess = before.order != settings.order && registry[slot].hasSequences && !settings.order.holds
        if isBatchOver || isOrderLess, !pending.unsettled.contains(number) { pending.unsettled.append(number) }
    }

    /// Releases what an endpoint's settings do not keep any more: deliveries that wait for a batch where it makes none now, deliveries
    /// behind a head where it has no order, held keys where it skips dead letters.
    func writeSettlement(now: Int64, in transaction: borrowing WriteTransaction) throws(LMDBError) -> SettlementPlan? {
        guard let number = pending.unsettled.first else { return nil }
        var plan = SettlementPlan()
        var rest = Limits.upkeepSlice
        guard let slot = registry.slot(number) else {
            plan.isDone = true
            return plan
        }
        let settings = registry[slot].endpoint.settings
        if settings.batch == nil {
            let freed = try tables.takeGathered(of: number, limit: rest, in: transaction)
            for entry in freed {
                let attempts = try tables.delivery(entry.delivery, in: transaction)?.attempts ?? 0
                let entry = PendingEntry(delivery: entry.delivery, dueAt: now, attempts: attempts)
                try putDue([entry], into: &plan, now: now, in: transaction)
            }
            rest -= freed.count
            var tally = registry[slot].gathering
            tally.remove(freed)
            plan.tally = tally
        }
        switch settings.order {
        case .none:
            let freed = try tables.takeBehind(of: number, limit: rest, in: transaction)
            try putDue(freed, into: &plan, now: now, in: transaction)
            rest -= freed.count
            let forgotten = try tables.forgetHeads(of: number, limit: rest, in: transaction)
            rest -= forgotten
            plan.endsOrder = rest > 0
        case .byKey(.skip):
            let released = try tables.releaseHolds(of: number, limit: rest, now: now, in: transaction)
            plan.sequences.toHand += released.heads
            rest -= released.ended
        case .byKey(.hold):
            break
        }
        plan.isDone = rest > 0
        return plan
    }

    private func putDue(
        _ entries: [PendingEntry], into plan: inout SettlementPlan, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        for entry in entries {
            plan.sequences.toHand.append(try tables.putDue(entry, after: now, in: transaction))
        }
    }

    /// Whether deliveries wait for the commit of one of these reports.
    func unblocks(_ reports: [AttemptReport]) -> Bool {
        dispatch.hasBehind
            && reports.contains { report in
                registry.slot(report.delivery.endpoint).map { registry[$0].hasBehind } ?? false
            }
    }

    // MARK: After the commit

    func apply(_ plan: SequencePlan, now: Int64) {
        for number in plan.cleared { dispatch.setBehind(number, false, &registry) }
        for entry in plan.toHand {
            // One whose own time is still to come is found by the scan.
            if entry.dueAt <= now + 1 { pending.toHand.append(entry) } else { dispatch.noteDue(at: entry.dueAt) }
        }
    }

    func apply(_ plan: SettlementPlan, now: Int64) {
        apply(plan.sequences, now: now)
        let number = pending.unsettled[0]
        if plan.isDone { pending.unsettled.removeFirst() }
        guard registry.contains(number) else { return }
        if let tally = plan.tally { gatherings.put(tally, of: number, &registry) }
        guard plan.endsOrder else { return }
        dispatch.setBehind(number, false, &registry)
        _ = registry.update(number) { $0.hasSequences = false }
    }
}
