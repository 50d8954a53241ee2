import LMDB
import Scheduling
import Store
import WebhookModel

/// Brings deliveries from the store to the senders: the pull beside the hints' push. Reads one snapshot.
struct Refill {
    let tables: Tables
    let now: Int64

    /// What the look-ups found that needs a transaction. Its deliveries stay known until that transaction is committed.
    struct Findings {
        /// The event's record is missing or damaged, or belongs to another tenant than the endpoint.
        var unreadable: [Waiting] = []
        /// The endpoint was removed.
        var orphans: [Waiting] = []
        /// Deliveries that are to wait for a batch.
        var strays: [Stray] = []
        /// Batches with a member whose record is missing or damaged, by their leader.
        var brokenBatches: [Waiting] = []
        /// Rows that the scans stepped over because they are malformed.
        var malformed: [SkippedRows] = []

        init() {}

        var isEmpty: Bool {
            unreadable.isEmpty && orphans.isEmpty && strays.isEmpty && brokenBatches.isEmpty
        }
    }

    /// Hands over entries that a transaction put into the due index, as hints are. What finds no room is found by the scan.
    func hand(
        _ entries: [PendingEntry], _ dispatch: inout DispatchState, _ registry: inout EndpointRegistry,
        _ findings: inout Findings, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        for entry in entries where !dispatch.known.contains(entry.delivery) {
            let slot = registry.slot(entry.delivery.endpoint)
            switch dispatch.placement(slot, bytes: 0, now: now, &registry) {
            case .hand:
                try hand(
                    Waiting(pending: entry, entry: .due(entry.dueAt)), slot!, &dispatch, &registry, &findings,
                    in: snapshot)
            case .wait: dispatch.wait(entry, slot: slot!, &registry)
            case .leave, .orphan: dispatch.noteDue(at: entry.dueAt)
            }
        }
    }

    /// Refills the endpoints that asked for it, parked deliveries first.
    func refillEndpoints(
        _ dispatch: inout DispatchState, _ registry: inout EndpointRegistry, _ findings: inout Findings,
        in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        var again: (unserved: [Int], served: [Int]) = ([], [])
        for slot in dispatch.takeRefills(&registry) {
            let before = registry[slot].held
            if registry[slot].hasParked { try takeParked(slot, &dispatch, &registry, &findings, in: snapshot) }
            while !registry[slot].hasParked, dispatch.room(of: slot, now: now, &registry) > 0,
                dispatch.hasRoom(registry[slot].sender), let entry = dispatch.popLot(slot, &registry)
            {
                try hand(
                    Waiting(pending: entry, entry: .due(entry.dueAt)), slot, &dispatch, &registry, &findings,
                    in: snapshot)
            }
            // Its sender is full, or its tenant's tokens are used up.
            guard dispatch.wantsRefillAgain(slot, &registry) else { continue }
            if registry[slot].held > before { again.served.append(slot) } else { again.unserved.append(slot) }
        }
        // Those that got nothing come first the next time.
        for slot in again.unserved + again.served { dispatch.wantRefill(slot, &registry) }
    }

    private func takeParked(
        _ slot: Int, _ dispatch: inout DispatchState, _ registry: inout EndpointRegistry,
        _ findings: inout Findings, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        let room = dispatch.room(of: slot, now: now, &registry)
        guard room > 0 else { return }
        var found: [PendingEntry] = []
        var last = registry[slot].parkedPlace
        let skipped = try tables.scanParked(of: registry[slot].number, after: last, in: snapshot) { entry in
            guard found.count < room else { return false }
            if !dispatch.known.contains(entry.delivery) { found.append(entry) }
            last = entry.delivery.position
            return true
        }
        if skipped.count > 0 { findings.malformed.append(skipped) }
        registry[slot].parkedPlace = last
        if found.count < room { registry[slot].hasParked = false }
        for entry in found {
            guard dispatch.hasRoom(registry[slot].sender) else {
                // Read again from here when the sender has room.
                registry[slot].readParkedAgain(from: entry.delivery.position)
                return dispatch.wantRefill(slot, &registry)
            }
            try hand(Waiting(pending: entry, entry: .parked), slot, &dispatch, &registry, &findings, in: snapshot)
        }
    }

    /// Walks the due index for each sender that wants it, from where its last scan ended, as far as there is room.
    func scan(
        _ dispatch: inout DispatchState, _ registry: inout EndpointRegistry, _ findings: inout Findings,
        in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        let senders = dispatch.sendersToScan(now: now)
        for sender in senders {
            let limit = max(Limits.scannedEntries / senders.count, Limits.scannedEntriesLeast)
            try scan(for: sender, limit: limit, &dispatch, &registry, &findings, in: snapshot)
        }
    }

    private func scan(
        for sender: Int, limit: Int, _ dispatch: inout DispatchState, _ registry: inout EndpointRegistry,
        _ findings: inout Findings, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        var scan = DueScan(of: sender, dispatch, limit: limit)
        let skipped = try tables.scanDue(from: scan.place, in: snapshot) { entry in
            scan.visit(entry, now: now, &dispatch, &registry)
        }
        if skipped.count > 0 { findings.malformed.append(skipped) }
        for orphan in scan.orphans {
            dispatch.remember(orphan.delivery)
            findings.orphans.append(Waiting(pending: orphan, entry: .due(orphan.dueAt)))
        }
        let notBefore = scan.madeNoProgress ? now + Limits.scanRetryMilliseconds : .min
        dispatch.endScan(of: sender, at: scan.place, nextDue: scan.nextDue, notBefore: notBefore, now: now)
        for (slot, entry) in scan.toWait { dispatch.wait(entry, slot: slot, &registry) }
        for (slot, entry) in scan.chosen {
            guard dispatch.hasRoom(sender) else {
                // Large records filled the sender: the rest is found again by the next scan.
                return dispatch.endScan(of: sender, at: entry, nextDue: nil, now: now)
            }
            // Its tenant's tokens went to another endpoint.
            if registry[slot].isRated, dispatch.room(of: slot, now: now, &registry) == 0 {
                dispatch.wait(entry, slot: slot, &registry)
                continue
            }
            try hand(
                Waiting(pending: entry, entry: .due(entry.dueAt)), slot, &dispatch, &registry, &findings, in: snapshot)
        }
    }

    private func hand(
        _ waiting: Waiting, _ slot: Int, _ dispatch: inout DispatchState, _ registry: inout EndpointRegistry,
        _ findings: inout Findings, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        let pending = waiting.pending
        if registry[slot].hasBatches,
            try handBatch(waiting, slot, &dispatch, &registry, &findings, in: snapshot)
        {
            return
        }
        guard let event = try event(at: pending.delivery.position, for: registry[slot].endpoint, in: snapshot) else {
            dispatch.remember(pending.delivery)
            findings.unreadable.append(waiting)
            return
        }
        // Only what was tried before can be in a later round.
        let row = pending.attempts > 0 ? try tables.delivery(pending.delivery, in: snapshot) : nil
        dispatch.hand(
            DueDelivery(
                event: event, endpoint: registry[slot].endpoint, attempt: pending.attempts + 1, entry: waiting.entry,
                round: row?.round ?? .first), slot: slot, now: now, &registry)
    }

    /// An event for an endpoint; nil where its record is missing or damaged, or where it belongs to another tenant: whatever a row of the
    /// due index says, an event never goes to an endpoint of another tenant.
    func event(
        at position: EventPosition, for endpoint: Endpoint, in snapshot: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> Event? {
        guard case .event(let event) = try tables.event(at: position, in: snapshot), event.tenant == endpoint.tenant
        else { return nil }
        return event
    }
}
