import LMDB
import Store
import WebhookModel

/// What a transaction did to batches, applied to memory only after its commit.
struct BatchPlan {
    /// Of the endpoints that it touched.
    var tallies: [EndpointNumber: GatheringTally] = [:]
    /// Leaders that came into the due index: to be handed over after the commit.
    var leaders: [PendingEntry] = []
    /// Deliveries that were known to memory as alone and wait for company now.
    var gathered: [DeliveryID] = []
    /// Endpoints of members that could not be read, each as often.
    var quarantined: [EndpointNumber] = []
    var formed = 0

    mutating func add(_ entry: GatheredEntry, beside tally: GatheringTally) {
        tallies[entry.delivery.endpoint, default: tally].add(entry)
    }
}

extension WriterCore {
    /// Makes the batches whose time has come: of endpoints that have waited long enough, and of those that are full.
    ///
    /// - Parameter due: endpoints taken from the gatherings.
    func writeBatches(
        _ due: [EndpointNumber], plan: inout BatchPlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let full = plan.tallies.keys.filter { !due.contains($0) }.sorted()
        var room = Limits.eventsPerCommit
        for number in due + full {
            guard let rule = ledger.account(number)?.endpoint.settings.batch else { continue }
            var tally = plan.tallies[number] ?? gatherings.tally(number)
            while room > 0, tally.dueAt(rule) <= now,
                let batch = try tables.formBatch(
                    of: number, rule, id: BatchID(using: &random), now: now, in: transaction)
            {
                plan.leaders.append(batch.leader)
                plan.formed += 1
                room -= batch.members.count
                tally.remove(batch.members)
                tally.since = try tables.firstGathered(of: number, in: transaction)?.since ?? .max
            }
            plan.tallies[number] = tally
        }
    }

    /// Moves what a refill found to where it belongs: lone deliveries to those that wait for company, and the members of batches that
    /// cannot be read as they were fixed.
    func writeStrays(
        _ book: ReportBook, plan: inout BatchPlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        for stray in findings.strays {
            try tables.remove(stray.waiting.pending.delivery, from: stray.waiting.entry, in: transaction)
            let entry = GatheredEntry(delivery: stray.waiting.pending.delivery, since: now, bytes: stray.bytes)
            try tables.gather(entry, in: transaction)
            plan.add(entry, beside: gatherings.tally(entry.delivery.endpoint))
            plan.gathered.append(entry.delivery)
        }
        for broken in findings.brokenBatches {
            let leader = broken.pending.delivery
            plan.gathered.append(leader)
            guard let batch = try tables.batch(ledBy: leader, in: transaction) else { continue }
            try tables.remove(leader, from: broken.entry, in: transaction)
            try tables.dissolve(batch, ledBy: leader, in: transaction)
            for position in batch.members {
                let delivery = DeliveryID(position: position, endpoint: leader.endpoint)
                guard case .event(let event) = try tables.event(at: position, in: transaction) else {
                    try book.quarantine(delivery, bond: .batch(leader: EventPosition(0)), now: now, in: transaction)
                    plan.quarantined.append(leader.endpoint)
                    continue
                }
                let bytes = event.record.batchBytes(at: ledger.account(leader.endpoint)?.endpoint)
                let entry = GatheredEntry(delivery: delivery, since: now, bytes: bytes)
                try tables.gather(entry, in: transaction)
                plan.add(entry, beside: gatherings.tally(leader.endpoint))
            }
        }
    }

    // MARK: After the commit

    func apply(_ plan: BatchPlan) {
        for (number, tally) in plan.tallies {
            gatherings.put(tally, of: number, ledger.account(number)?.endpoint.settings.batch)
        }
        for delivery in plan.gathered { ledger.forget(delivery) }
        brought += plan.leaders
        statistics.batchesMade += plan.formed
        statistics.quarantined += plan.quarantined.count
        for number in plan.quarantined { backlog.finished(number) }
    }

    /// The transaction did not come about: they wait on.
    func formingFailed(_ due: [EndpointNumber]) {
        for number in due {
            gatherings.put(gatherings.tally(number), of: number, ledger.account(number)?.endpoint.settings.batch)
        }
    }

    /// Takes up what a restart found.
    func recoverGatherings(_ recovered: RecoveredState) {
        for (number, entries) in recovered.gatheringByEndpoint {
            guard let account = ledger.account(number) else {
                purges.append(number)
                continue
            }
            var tally = GatheringTally()
            for entry in entries { tally.add(entry) }
            gatherings.put(tally, of: number, account.endpoint.settings.batch)
            if account.endpoint.settings.batch == nil { unsettled.append(number) }
        }
        for number in recovered.endpointsWithBatches where ledger.account(number) != nil {
            ledger.update(number) { $0.hasBatches = true }
        }
    }
}

extension EventRecord {
    /// What an event adds to the body of a batch at most: its envelope and a comma.
    func batchBytes(at endpoint: Endpoint?) -> Int {
        envelopeBytesMost(tenantName: endpoint?.tenantName.utf8.count ?? Limits.tenantNameBytes) + 1
    }
}
