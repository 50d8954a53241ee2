public import LMDB
public import WebhookModel

/// A table that a scheduled delivery can wait in, and its key there.
public enum WaitingPlace: Sendable, Hashable {
    /// In `due`, under this time (Unix milliseconds).
    case due(Int64)
    case parked
    case gathering
    /// Behind the head of its sequence.
    case behind(SequenceKey)
}

/// What the verification of a slice of `deliveries` found: every scheduled delivery must wait in exactly one place.
public struct WaitingCheck: Sendable, Equatable {
    /// A delivery that waits in more than one place.
    public struct Doubled: Sendable, Equatable {
        public var delivery: DeliveryID
        /// Where it stays, and where it is to be removed.
        public var kept: WaitingPlace
        public var surplus: [WaitingPlace]
    }

    /// Scheduled, and in no place: it would never be sent.
    public var missing: [DeliveryID] = []
    public var doubled: [Doubled] = []
    /// Scheduled deliveries that were looked at.
    public var scheduled = 0
    /// Deliveries whose place was not found within `Limits.verificationWalk` rows: neither missing nor in place.
    public var undecided = 0
    /// Rows of `deliveries` that are damaged: whether they are scheduled is not known.
    public var damaged = SkippedRows()
    /// Where the next slice begins; nil: this was the last.
    public var next: DeliveryID?

    public init() {}
}

/// What the verification of a slice of `due` found: every entry must belong to a scheduled delivery.
public struct DueCheck: Sendable, Equatable {
    /// Entries whose delivery does not exist or is final.
    public var stale: [PendingEntry] = []
    /// Entries of a delivery that also stands in `due` under the time that its row names.
    public var doubled: [PendingEntry] = []
    /// Malformed entries.
    public var damaged = SkippedRows()
    /// Where the next slice begins; nil: this was the last.
    public var next: PendingEntry?

    public init() {}
}

extension Tables {
    // MARK: Verification

    /// Whether a delivery's row exists and says that it is scheduled.
    public func isScheduled(
        _ delivery: DeliveryID, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> Bool {
        try self.delivery(delivery, in: transaction)?.state == .scheduled
    }

    /// Verifies where the deliveries of a slice wait. Exact for the commit that the snapshot shows. Repair with
    /// `enterAgain` and `removeSurplus`, which look again in their transaction.
    ///
    /// - Parameters:
    ///   - place: where the slice begins; nil: at the first delivery.
    ///   - limit: rows of `deliveries` to look at.
    ///   - now: Unix milliseconds.
    public func verifyWaiting(
        from place: DeliveryID?, limit: Int, now: Int64, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> WaitingCheck {
        var check = WaitingCheck()
        var lost = LostDeliveries()
        for (delivery, row) in try scheduledRows(from: place, limit: limit, &check, in: snapshot) {
            check.scheduled += 1
            let unreadable = try unreadablePlaces(of: delivery, row, in: snapshot)
            let places = try places(of: delivery, row, leavingOut: unreadable, in: snapshot)
            if places.isEmpty {
                lost.add(delivery, row)
            } else if places.count > 1 {
                check.doubled.append(
                    WaitingCheck.Doubled(delivery: delivery, kept: places[0], surplus: Array(places.dropFirst())))
            }
        }
        guard !lost.isEmpty else { return check }
        let hasAllBatches = try findInBatches(&lost, in: snapshot)
        let hasAllDue = try findInDue(&lost, until: now + Limits.verificationClockMilliseconds, in: snapshot)
        if hasAllBatches, hasAllDue { check.missing = lost.deliveries.sorted() } else { check.undecided = lost.count }
        return check
    }

    /// Verifies that the entries of a slice of `due` belong to scheduled deliveries. One whose row is damaged is left
    /// alone.
    public func verifyDue(
        from place: PendingEntry?, limit: Int, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> DueCheck {
        var check = DueCheck()
        var entries: [PendingEntry] = []
        let zero = DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0))
        check.damaged = try scanDue(
            from: place ?? PendingEntry(delivery: zero, dueAt: 0, attempts: 0), in: snapshot
        ) { entry in
            guard entries.count < limit else {
                check.next = entry
                return false
            }
            entries.append(entry)
            return true
        }
        for entry in entries {
            let key = Tables.key(entry.delivery)
            guard let value = try snapshot.get(deliveries, key) else {
                check.stale.append(entry)
                continue
            }
            guard let row = key.withBytes({ bytes in DeliveryRow(bytes, value) }) else { continue }
            if row.state != .scheduled {
                check.stale.append(entry)
            } else if row.dueAt != entry.dueAt,
                try snapshot.get(due, Tables.dueKey(row.dueAt, entry.delivery)) != nil
            {
                check.doubled.append(entry)
            }
        }
        return check
    }

    // MARK: Repair

    /// Lets a delivery that `verifyWaiting` called missing wait again: due now, and in its sequence if it has one. One
    /// that belongs in a batch is sent to the batching queue from there.
    ///
    /// - Parameter now: Unix milliseconds.
    /// - Returns: its entry in the due index; nil: it waits behind a head, or it is not missing any more.
    public func enterAgain(
        _ delivery: DeliveryID, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> PendingEntry? {
        guard var row = try self.delivery(delivery, in: transaction), row.state == .scheduled else { return nil }
        let present = row
        let unreadable = try transaction.contained { snapshot throws(LMDBError) in
            try unreadablePlaces(of: delivery, present, in: snapshot)
        }
        guard try places(of: delivery, row, leavingOut: unreadable, in: transaction).isEmpty else { return nil }
        let entry = PendingEntry(delivery: delivery, dueAt: max(row.dueAt, now + 1), attempts: row.attempts)
        // The row names the entry's time, so that the next look finds it.
        row.dueAt = entry.dueAt
        try update(delivery, row, in: transaction)
        guard let sequence = row.sequence(at: delivery.endpoint) else {
            try putDue(entry, in: transaction)
            return entry
        }
        return try enter(entry, sequence, in: transaction) ? entry : nil
    }

    /// Removes the surplus places of a delivery that still waits where it is kept.
    ///
    /// - Returns: the number of rows that are gone.
    public func removeSurplus(
        _ doubled: WaitingCheck.Doubled, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Int {
        guard let row = try delivery(doubled.delivery, in: transaction), row.state == .scheduled,
            try places(of: doubled.delivery, row, in: transaction).first == doubled.kept
        else { return 0 }
        var removed = 0
        for place in doubled.surplus {
            let (table, key) = waitingRow(of: doubled.delivery, at: place)
            if try transaction.delete(table, key) { removed += 1 }
        }
        return removed
    }

    /// Removes a stale or doubled entry of `due`, if it still is one.
    ///
    /// - Returns: whether it is gone.
    public func removeStale(
        _ entry: PendingEntry, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        let row = try delivery(entry.delivery, in: transaction)
        if let row, row.state == .scheduled {
            guard row.dueAt != entry.dueAt, try transaction.get(due, Tables.dueKey(row.dueAt, entry.delivery)) != nil
            else { return false }
        }
        return try transaction.delete(due, Tables.dueKey(entry.dueAt, entry.delivery))
    }

    // MARK: Places

    private func waitingRow(of delivery: DeliveryID, at place: WaitingPlace) -> (Database, Key) {
        switch place {
        case .due(let time): (due, Tables.dueKey(time, delivery))
        case .parked: (parked, Tables.parkedKey(delivery))
        case .gathering: (gathering, Tables.parkedKey(delivery))
        case .behind(let sequence): (behind, Tables.behindKey(sequence, delivery.position))
        }
    }

    /// Where a delivery waits, as far as its row leads there: `due` only under the row's own time.
    private func places(
        of delivery: DeliveryID, _ row: DeliveryRow, leavingOut unreadable: [WaitingPlace] = [],
        in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [WaitingPlace] {
        var places: [WaitingPlace] = []
        for place in candidates(of: delivery, row) where !unreadable.contains(place) {
            let (table, key) = waitingRow(of: delivery, at: place)
            if let value = try transaction.get(table, key), isWhole(value, key, at: place) { places.append(place) }
        }
        return places
    }

    /// No scan hands over a damaged entry: a delivery that has only such a one is missing.
    private func isWhole(_ value: UnsafeRawBufferPointer, _ key: Key, at place: WaitingPlace) -> Bool {
        switch place {
        case .due: value.count == PendingEntry.dueBytes && key.withBytes { RowChecksum.isRight($0, value) }
        case .parked: value.count == PendingEntry.parkedBytes && key.withBytes { RowChecksum.isRight($0, value) }
        case .gathering, .behind: true
        }
    }

    private func candidates(of delivery: DeliveryID, _ row: DeliveryRow) -> [WaitingPlace] {
        let sequence = row.sequence(at: delivery.endpoint).map { WaitingPlace.behind($0) }
        return [.due(row.dueAt), .parked, .gathering] + (sequence.map { [$0] } ?? [])
    }

    /// The places of a delivery whose page cannot be read: it waits in none of them, because no scan reaches them.
    private func unreadablePlaces(
        of delivery: DeliveryID, _ row: DeliveryRow, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> [WaitingPlace] {
        var unreadable: [WaitingPlace] = []
        for place in candidates(of: delivery, row) {
            let (table, key) = waitingRow(of: delivery, at: place)
            do throws(LMDBError) {
                _ = try snapshot.get(table, key)
            } catch {
                guard error.isCorruption, try snapshot.goOnAfterDamage() else { throw error }
                unreadable.append(place)
            }
        }
        return unreadable
    }

    private func scheduledRows(
        from place: DeliveryID?, limit: Int, _ check: inout WaitingCheck, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> [(DeliveryID, DeliveryRow)] {
        var rows: [(DeliveryID, DeliveryRow)] = []
        let zero = DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0))
        var looked = 0
        var (next, malformed, pages): (DeliveryID?, SkippedRows, SkippedRows) = (nil, SkippedRows(), SkippedRows())
        try walk(deliveries, from: Tables.key(place ?? zero), in: snapshot, skipped: &pages) { found in
            if found.key.count == 12 {
                let delivery = DeliveryID(
                    position: EventPosition(found.key.uint64(at: 0)), endpoint: EndpointNumber(found.key.uint32(at: 8)))
                guard looked < limit else {
                    next = delivery
                    return false
                }
                if let row = DeliveryRow(found.key, found.value) {
                    if row.state == .scheduled { rows.append((delivery, row)) }
                } else {
                    malformed.add(deliveries, found.key)
                }
            } else {
                malformed.add(deliveries, found.key)
            }
            looked += 1
            return true
        }
        check.next = next
        check.damaged += malformed
        check.damaged += pages
        return rows
    }

    /// Takes the members of open batches out of `lost`: their rows do not name the batch yet.
    ///
    /// - Returns: whether the search was complete.
    private func findInBatches(
        _ lost: inout LostDeliveries, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> Bool {
        var walked = 0
        for endpoint in lost.endpoints {
            var cursor = try snapshot.cursor(batches)
            // A batch is keyed by its first member, so those that may hold a delivery come before it.
            var entry = try cursor.seekBefore(Tables.parkedKey(lost.after(endpoint)))
            while let found = entry, found.key.count == 12, found.key.uint32(at: 0) == endpoint.value,
                lost.waits(at: endpoint)
            {
                walked += 1
                guard walked <= Limits.verificationWalk else { return false }
                let leader = EventPosition(found.key.uint64(at: 4))
                if found.value.first == BatchRow.open, let batch = BatchRow(found.value, leader: leader) {
                    // The leader itself must stand in `due` or `parked`.
                    for member in batch.members.dropFirst() {
                        lost.remove(DeliveryID(position: member, endpoint: endpoint))
                    }
                }
                entry = try cursor.previous()
            }
        }
        return true
    }

    /// Takes those out of `lost` that stand in `due` under a later time than their row names: they came there from
    /// behind a head, or as leader of a batch, and were due at once then.
    ///
    /// - Returns: whether the search was complete.
    private func findInDue(
        _ lost: inout LostDeliveries, until end: Int64, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> Bool {
        guard !lost.isEmpty else { return true }
        var walked = 0
        let zero = DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0))
        _ = try scanDue(from: PendingEntry(delivery: zero, dueAt: lost.earliest, attempts: 0), in: snapshot) { entry in
            walked += 1
            guard entry.dueAt <= end, walked <= Limits.verificationWalk, !lost.isEmpty else { return false }
            lost.remove(entry.delivery)
            return true
        }
        return walked <= Limits.verificationWalk
    }
}

/// Scheduled deliveries that were not found where their rows lead.
private struct LostDeliveries {
    private var byEndpoint: [EndpointNumber: Set<EventPosition>] = [:]
    private(set) var earliest = Int64.max
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var endpoints: [EndpointNumber] { byEndpoint.keys.sorted() }
    var deliveries: [DeliveryID] {
        byEndpoint.flatMap { endpoint, positions in
            positions.map { DeliveryID(position: $0, endpoint: endpoint) }
        }
    }

    mutating func add(_ delivery: DeliveryID, _ row: DeliveryRow) {
        byEndpoint[delivery.endpoint, default: []].insert(delivery.position)
        earliest = min(earliest, row.dueAt)
        count += 1
    }

    mutating func remove(_ delivery: DeliveryID) {
        if byEndpoint[delivery.endpoint]?.remove(delivery.position) != nil { count -= 1 }
    }

    func waits(at endpoint: EndpointNumber) -> Bool { byEndpoint[endpoint]?.isEmpty == false }

    /// The key after the last of an endpoint.
    func after(_ endpoint: EndpointNumber) -> DeliveryID {
        let last = byEndpoint[endpoint]?.max()?.value ?? 0
        return DeliveryID(position: EventPosition(last &+ 1), endpoint: endpoint)
    }
}
