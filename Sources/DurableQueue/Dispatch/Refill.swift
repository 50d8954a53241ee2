import LMDB
import Scheduling
import Store
import WebhookModel

/// Brings deliveries from the store to the senders: the pull beside the hints' push.
struct Refill {
    let tables: Tables

    /// Index entries that a turn looks at: about a millisecond.
    static let scanLimit = 4_096

    /// What the look-up found that wants a transaction.
    struct Findings {
        /// The record is missing or damaged.
        var unreadable: [Waiting] = []
        /// The endpoint is gone.
        var orphans: [Waiting] = []
        /// Lone deliveries that are to wait for company.
        var strays: [Stray] = []
        /// Batches with a member whose record is missing or damaged, by their leader.
        var brokenBatches: [Waiting] = []
    }

    /// Hands over what a transaction brought into the due index, as hints are. What finds no room is found by the scan.
    func hand(
        _ brought: [PendingEntry], _ ledger: inout DispatchLedger, _ now: Int64, _ findings: inout Findings,
        in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        for entry in brought {
            switch ledger.placement(entry.delivery.endpoint, bytes: 0, now: now) {
            case .hand:
                try hand(Waiting(pending: entry, entry: .due(entry.dueAt)), &ledger, now, &findings, in: snapshot)
            case .wait: ledger.wait(entry)
            case .leave, .orphan: ledger.nextDue = min(ledger.nextDue, entry.dueAt)
            }
        }
    }

    /// Refills the endpoints that asked for it, parked deliveries first.
    func refillEndpoints(
        _ ledger: inout DispatchLedger, now: Int64, findings: inout Findings, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        var again: (unserved: [EndpointNumber], served: [EndpointNumber]) = ([], [])
        for number in ledger.takeRefills() {
            guard let account = ledger.account(number) else { continue }
            if account.hasParked {
                try takeParked(number, &ledger, now, &findings, in: snapshot)
            }
            while let account = ledger.account(number), !account.hasParked, ledger.room(of: account, now: now) > 0,
                ledger.hasRoom(account.sender), let entry = ledger.popLot(number)
            {
                try hand(Waiting(pending: entry, entry: .due(entry.dueAt)), &ledger, now, &findings, in: snapshot)
            }
            // Its sender is full, or its tenant's rate is spent.
            guard let left = ledger.account(number), ledger.wantsRefillAgain(left) else { continue }
            if left.held > account.held { again.served.append(number) } else { again.unserved.append(number) }
        }
        // Who got nothing comes first the next time.
        for number in again.unserved + again.served { ledger.wantRefill(of: number) }
    }

    private func takeParked(
        _ number: EndpointNumber, _ ledger: inout DispatchLedger, _ now: Int64, _ findings: inout Findings,
        in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        guard let account = ledger.account(number) else { return }
        let room = ledger.room(of: account, now: now)
        guard room > 0 else { return }
        var found: [PendingEntry] = []
        var last = account.parkedPlace
        try tables.scanParked(of: number, after: account.parkedPlace, in: snapshot) { entry in
            guard found.count < room else { return false }
            if !ledger.known.contains(entry.delivery) { found.append(entry) }
            last = entry.delivery.position
            return true
        }
        let exhausted = found.count < room
        ledger.update(number) { account in
            account.parkedPlace = last
            if exhausted { account.hasParked = false }
        }
        for entry in found {
            guard ledger.hasRoom(account.sender) else {
                // Read again from here when the sender has room.
                ledger.update(number) { account in
                    account.parkedPlace = EventPosition(entry.delivery.position.value - 1)
                    account.hasParked = true
                }
                return ledger.wantRefill(of: number)
            }
            try hand(Waiting(pending: entry, entry: .parked), &ledger, now, &findings, in: snapshot)
        }
    }

    /// Walks the due index from where the last scan ended, as far as there is room.
    func scan(
        _ ledger: inout DispatchLedger, now: Int64, findings: inout Findings, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        var walk = DueWalk(ledger: ledger.walkState(now: now))
        var orphans: [Waiting] = []
        try tables.scanDue(from: ledger.scanPlace, in: snapshot) { entry in
            guard entry.dueAt <= now else { return walk.end(at: entry.dueAt) }
            guard walk.visited < Refill.scanLimit else { return walk.pause() }
            if !ledger.known.contains(entry.delivery) {
                let account = ledger.account(entry.delivery.endpoint)
                switch walk.choose(entry, account, endpointRoom: account.map { ledger.room(of: $0, now: now) } ?? 0) {
                case .pause: return walk.pause()
                case .orphan: orphans.append(Waiting(pending: entry, entry: .due(entry.dueAt)))
                case .taken: break
                }
            }
            walk.visited += 1
            walk.place = entry.successor
            return true
        }
        findings.orphans += orphans
        ledger.scanPlace = walk.place ?? ledger.scanPlace
        ledger.scanPending = walk.paused
        if walk.paused, walk.chosen.isEmpty, walk.toWait.isEmpty, walk.visited < Refill.scanLimit {
            ledger.scanNotBefore = now + DispatchLedger.stallMilliseconds
        }
        if !walk.paused { ledger.nextDue = walk.nextDue }
        for entry in walk.toWait { ledger.wait(entry) }
        for entry in walk.chosen {
            guard let account = ledger.account(entry.delivery.endpoint), ledger.hasRoom(account.sender) else {
                // Large records filled the sender: the rest is found again by the next scan.
                ledger.scanPlace = entry
                ledger.scanPending = true
                return
            }
            // Its tenant's rate went to another of its endpoints.
            if account.isRated, ledger.room(of: account, now: now) == 0 {
                ledger.wait(entry)
                continue
            }
            try hand(Waiting(pending: entry, entry: .due(entry.dueAt)), &ledger, now, &findings, in: snapshot)
        }
    }

    private func hand(
        _ waiting: Waiting, _ ledger: inout DispatchLedger, _ now: Int64, _ findings: inout Findings,
        in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) {
        guard let account = ledger.account(waiting.pending.delivery.endpoint) else { return }
        let pending = waiting.pending
        if account.hasBatches, try handBatch(waiting, account, &ledger, now, &findings, in: snapshot) { return }
        guard case .event(let event) = try tables.event(at: pending.delivery.position, in: snapshot) else {
            findings.unreadable.append(waiting)
            return
        }
        // Only what was tried before can be in a later round.
        let row = pending.attempts > 0 ? try tables.delivery(pending.delivery, in: snapshot) : nil
        ledger.hand(
            DueDelivery(
                event: event, endpoint: account.endpoint, attempt: pending.attempts + 1, entry: waiting.entry,
                round: row?.round ?? .first), now: now)
    }
}

extension PendingEntry {
    /// The place just after this entry in the due index.
    var successor: PendingEntry {
        let next = DeliveryID(
            position: delivery.position, endpoint: EndpointNumber(delivery.endpoint.value &+ 1))
        return PendingEntry(delivery: next, dueAt: dueAt, attempts: 0)
    }
}
