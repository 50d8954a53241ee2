import LMDB
import Store
import WebhookModel

/// What a transaction did to batches, applied to memory only after its commit.
struct BatchPlan {
    /// Of the endpoints that it touched.
    var tallies: [EndpointNumber: GatheringTally] = [:]
    /// Leaders that entered the due index: to be handed over after the commit.
    var leaders: [PendingEntry] = []
    /// Deliveries that were known to memory as single ones and wait for a batch now.
    var gathered: [DeliveryID] = []
    /// Members whose record could not be read.
    var quarantined: [DeliveryID] = []
    var formed = 0

    mutating func add(_ entry: GatheredEntry, beside registry: EndpointRegistry) {
        tallies[entry.delivery.endpoint, default: BatchPlan.tally(of: entry.delivery.endpoint, registry)].add(entry)
    }

    static func tally(of number: EndpointNumber, _ registry: EndpointRegistry) -> GatheringTally {
        registry.slot(number).map { registry[$0].gathering } ?? GatheringTally()
    }
}

extension WriterCore {
    /// Makes the batches whose time has come: of endpoints that have waited long enough, and of those that are full.
    ///
    /// - Parameter due: endpoints taken from the gatherings.
    func writeBatches(
        _ due: [EndpointNumber], plan: inout BatchPlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let isDue = Set(due)
        let full = plan.tallies.keys.filter { !isDue.contains($0) }.sorted()
        var room = Limits.eventsPerCommit
        for number in due + full {
            guard let rule = registry.endpoint(number)?.settings.batch else { continue }
            var tally = plan.tallies[number] ?? BatchPlan.tally(of: number, registry)
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

    /// Writes what a refill found of batches: single deliveries go to `gathering`, and a batch with a member that cannot be read is
    /// dissolved.
    func writeStrays(
        _ writer: ReportWriter, plan: inout BatchPlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        for stray in pending.findings.strays {
            try tables.remove(stray.waiting.pending.delivery, from: stray.waiting.entry, in: transaction)
            let entry = GatheredEntry(delivery: stray.waiting.pending.delivery, since: now, bytes: stray.bytes)
            try tables.gather(entry, in: transaction)
            plan.add(entry, beside: registry)
            plan.gathered.append(entry.delivery)
        }
        for broken in pending.findings.brokenBatches {
            let leader = broken.pending.delivery
            plan.gathered.append(leader)
            guard let batch = try tables.batch(ledBy: leader, in: transaction) else { continue }
            try tables.remove(leader, from: broken.entry, in: transaction)
            try tables.dissolve(batch, ledBy: leader, in: transaction)
            for position in batch.members {
                let delivery = DeliveryID(position: position, endpoint: leader.endpoint)
                guard case .event(let event) = try tables.event(at: position, in: transaction) else {
                    try writer.quarantine(delivery, bond: .batch(leader: EventPosition(0)), now: now, in: transaction)
                    plan.quarantined.append(delivery)
                    continue
                }
                let bytes = event.record.batchBytes(at: registry.endpoint(leader.endpoint))
                let entry = GatheredEntry(delivery: delivery, since: now, bytes: bytes)
                try tables.gather(entry, in: transaction)
                plan.add(entry, beside: registry)
            }
        }
    }

    // MARK: After the commit

    func apply(_ plan: BatchPlan) {
        for (number, tally) in plan.tallies {
            gatherings.put(tally, of: number, &registry)
            // Members of a dissolved batch, where no batches are made any more: they go alone.
            let makesBatches = registry.endpoint(number)?.settings.batch != nil
            if tally.count > 0, !makesBatches, !pending.unsettled.contains(number) { pending.unsettled.append(number) }
        }
        for delivery in plan.gathered { dispatch.forget(delivery) }
        pending.toHand += plan.leaders
        statistics.batchesMade += plan.formed
        for delivery in plan.quarantined {
            registry.finished(delivery.endpoint)
            noteQuarantine(delivery)
        }
    }

    /// The transaction failed: they wait on.
    func formingFailed(_ due: [EndpointNumber]) {
        for number in due { gatherings.put(BatchPlan.tally(of: number, registry), of: number, &registry) }
    }

    /// Takes up what a restart found.
    func recoverGatherings(_ recovered: RecoveredState) {
        for (number, entries) in recovered.gatheringByEndpoint {
            guard let endpoint = registry.endpoint(number) else {
                pending.purges.append(number)
                continue
            }
            var tally = GatheringTally()
            for entry in entries { tally.add(entry) }
            gatherings.put(tally, of: number, &registry)
            if endpoint.settings.batch == nil { pending.unsettled.append(number) }
        }
        for number in recovered.endpointsWithBatches { _ = registry.update(number) { $0.hasBatches = true } }
    }
}

extension EventRecord {
    /// What an event adds to the body of a batch at most: its envelope and a comma.
    func batchBytes(at endpoint: Endpoint?) -> Int {
        envelopeBytesMost(tenantName: endpoint?.tenantName.utf8.count ?? Limits.tenantNameBytes) + 1
    }
}
