public import LMDB
public import WebhookModel

/// An entry of the tables `due` and `parked`.
public struct PendingEntry: Sendable, Equatable {
    public var delivery: DeliveryID
    /// Unix milliseconds.
    public var dueAt: Int64
    /// Attempts made.
    public var attempts: UInt16

    public init(delivery: DeliveryID, dueAt: Int64, attempts: UInt16) {
        self.delivery = delivery
        self.dueAt = dueAt
        self.attempts = attempts
    }
}

/// The number of pending deliveries, by the table that they wait in.
public struct PendingCount: Sendable, Equatable {
    public var due = 0
    public var parked = 0
    /// Behind the heads of their sequences.
    public var behind = 0
    /// Waiting to be batched; and members of open batches, without their leaders.
    public var gathering = 0
    public var batched = 0
    /// Ordering keys that a dead letter holds.
    public var heldKeys = 0
}

extension Tables {
    /// Makes a delivery of a new event: its row and its due entry. Deliveries must come in ascending order.
    public func schedule(
        _ delivery: DeliveryID, dueAt: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try appendRow(delivery, DeliveryRow(state: .scheduled, dueAt: dueAt), in: transaction)
        try putDue(PendingEntry(delivery: delivery, dueAt: dueAt, attempts: 0), in: transaction)
    }

    /// The same for a delivery of a sequence.
    ///
    /// - Returns: whether it is head, so in the due index.
    public func schedule(
        _ delivery: DeliveryID, dueAt: Int64, _ sequence: SequenceKey, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        let row = DeliveryRow(state: .scheduled, dueAt: dueAt, bond: .sequence(sequence.hash))
        try appendRow(delivery, row, in: transaction)
        return try enter(PendingEntry(delivery: delivery, dueAt: dueAt, attempts: 0), sequence, in: transaction)
    }

    func appendRow(
        _ delivery: DeliveryID, _ row: DeliveryRow, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let key = Tables.key(delivery)
        row.write(key, to: try transaction.reserve(deliveries, key, count: row.bytes, .append))
    }

    /// Replaces a delivery's row.
    public func update(
        _ delivery: DeliveryID, _ row: DeliveryRow, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let key = Tables.key(delivery)
        row.write(key, to: try transaction.reserve(deliveries, key, count: row.bytes))
    }

    /// A delivery's row; nil where there is none or it is damaged. In a snapshot an unreadable page counts as damage
    /// too, and the snapshot goes on (`Transaction.goOnAfterDamage`).
    public func delivery(
        _ delivery: DeliveryID, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> DeliveryRow? {
        let key = Tables.key(delivery)
        do throws(LMDBError) {
            guard let value = try transaction.get(deliveries, key) else { return nil }
            return key.withBytes { DeliveryRow($0, value) }
        } catch {
            guard error.isCorruption, try transaction.goOnAfterDamage() else { throw error }
            return nil
        }
    }

    /// Those of `wanted` whose row of `deliveries` stands on an unreadable page: a write transaction that touches one
    /// of them fails. Look for them when a transaction failed with damage, and try again without them.
    public func unreadable(
        among wanted: some Sequence<DeliveryID>, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> Set<DeliveryID> {
        var found: Set<DeliveryID> = []
        for delivery in wanted {
            do throws(LMDBError) {
                _ = try snapshot.get(deliveries, Tables.key(delivery))
            } catch {
                guard error.isCorruption, try snapshot.goOnAfterDamage() else { throw error }
                found.insert(delivery)
            }
        }
        return found
    }

    /// The sequence or the batch that a delivery waits in.
    public func bond(
        of delivery: DeliveryID, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> DeliveryRow.Bond {
        try self.delivery(delivery, in: transaction)?.bond ?? DeliveryRow.Bond.none
    }

    /// Enters a delivery into the due index.
    public func putDue(_ entry: PendingEntry, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        let key = Tables.dueKey(entry.dueAt, entry.delivery)
        let value = try transaction.reserve(due, key, count: PendingEntry.dueBytes)
        value.store(entry.attempts, at: 0)
        RowChecksum.write(key, to: value)
    }

    /// Removes a delivery from the table that it waits in.
    public func remove(
        _ delivery: DeliveryID, from entry: QueueEntry, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        switch entry {
        case .due(let time): try transaction.delete(due, Tables.dueKey(time, delivery))
        case .parked: try transaction.delete(parked, Tables.parkedKey(delivery))
        }
    }

    /// Moves deliveries from `due` to `parked`. Give them sorted by endpoint.
    public func park(_ entries: [PendingEntry], in transaction: borrowing WriteTransaction) throws(LMDBError) {
        for entry in entries { try putParked(entry, in: transaction) }
        for entry in entries { try transaction.delete(due, Tables.dueKey(entry.dueAt, entry.delivery)) }
    }

    func putParked(_ entry: PendingEntry, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        let key = Tables.parkedKey(entry.delivery)
        let value = try transaction.reserve(parked, key, count: PendingEntry.parkedBytes)
        value.store(entry.dueAt, at: 0)
        value.store(entry.attempts, at: 8)
        RowChecksum.write(key, to: value)
    }

    /// Walks the due index upwards from a place until `visit` says no.
    ///
    /// - Parameter place: the first time of interest, and within it the first delivery.
    /// - Returns: malformed rows that it stepped over.
    @discardableResult
    public func scanDue(
        from place: PendingEntry, in transaction: borrowing some Transaction & ~Copyable,
        _ visit: (PendingEntry) -> Bool
    ) throws(LMDBError) -> SkippedRows {
        var skipped = SkippedRows()
        var malformed = SkippedRows()
        try walk(due, from: Tables.dueKey(place.dueAt, place.delivery), in: transaction, skipped: &skipped) { found in
            if let pending = PendingEntry(due: found) { return visit(pending) }
            malformed.add(due, found.key)
            return true
        }
        skipped += malformed
        return skipped
    }

    /// Walks what is parked with an endpoint, from the first position after `position`, until `visit` says no.
    ///
    /// - Returns: malformed rows that it stepped over.
    @discardableResult
    public func scanParked(
        of endpoint: EndpointNumber, after position: EventPosition,
        in transaction: borrowing some Transaction & ~Copyable, _ visit: (PendingEntry) -> Bool
    ) throws(LMDBError) -> SkippedRows {
        var skipped = SkippedRows()
        var malformed = SkippedRows()
        let first = DeliveryID(position: EventPosition(position.value &+ 1), endpoint: endpoint)
        try walk(parked, from: Tables.parkedKey(first), in: transaction, skipped: &skipped) { found in
            guard found.belongs(to: endpoint) else { return false }
            if let pending = PendingEntry(parked: found) { return visit(pending) }
            malformed.add(parked, found.key)
            return true
        }
        skipped += malformed
        return skipped
    }

    /// The endpoints that have anything in a table whose keys begin with their number. Steps from endpoint to endpoint,
    /// so the cost depends on the number of endpoints and not of deliveries.
    func endpoints(
        in table: Database, _ transaction: borrowing some Transaction & ~Copyable, skipped: inout SkippedRows
    ) throws(LMDBError) -> [EndpointNumber] {
        var found: [EndpointNumber] = []
        var place: Key? = Key()
        while let from = place {
            place = nil
            var malformed = SkippedRows()
            try walk(table, from: from, in: transaction, skipped: &skipped) { present in
                guard present.key.count >= 12 else {
                    malformed.add(table, present.key)
                    return true
                }
                let endpoint = present.key.uint32(at: 0)
                found.append(EndpointNumber(endpoint))
                if endpoint < .max { place = Tables.key(endpoint + 1) }
                return false
            }
            skipped += malformed
        }
        return found
    }

    /// The number of waiting deliveries by table: together all that are not final.
    public func pendingCount(
        in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> PendingCount {
        PendingCount(
            due: try transaction.count(due), parked: try transaction.count(parked),
            behind: try transaction.count(behind),
            gathering: try transaction.count(gathering), batched: try batched(in: transaction),
            heldKeys: try transaction.count(holds))
    }

    /// The same by endpoint: walks the tables.
    ///
    /// - Parameter withBatches: endpoints where an entry may lead a batch, and stands for its members.
    func pendingByEndpoint(
        withBatches: Set<EndpointNumber>, in transaction: borrowing some Transaction & ~Copyable,
        skipped: inout SkippedRows
    ) throws(LMDBError) -> [EndpointNumber: Int] {
        var counts: [EndpointNumber: Int] = [:]
        for (table, endpointAt, positionAt) in [(due, 16, 8), (parked, 0, 4), (behind, 0, 12), (gathering, 0, 4)] {
            var run: (endpoint: UInt32, count: Int, mayLead: Bool) = (0, 0, false)
            try walk(table, in: transaction, skipped: &skipped) { (entry) throws(LMDBError) in
                guard entry.key.count >= endpointAt + 4, entry.key.count >= positionAt + 8 else { return true }
                let endpoint = entry.key.uint32(at: endpointAt)
                // Rows of one endpoint come one after another, and so do the due rows of a backlog.
                if endpoint != run.endpoint {
                    counts[EndpointNumber(run.endpoint), default: 0] += run.count
                    run = (endpoint, 0, withBatches.contains(EndpointNumber(endpoint)))
                }
                run.count += 1
                guard run.mayLead else { return true }
                let leader = DeliveryID(
                    position: EventPosition(entry.key.uint64(at: positionAt)), endpoint: EndpointNumber(endpoint))
                if let batch = try batch(ledBy: leader, in: transaction) { run.count += batch.members.count - 1 }
                return true
            }
            counts[EndpointNumber(run.endpoint), default: 0] += run.count
        }
        return counts.filter { $0.value > 0 }
    }

    static func key(_ delivery: DeliveryID) -> Key {
        var key = Key(delivery.position.value)
        key.append(delivery.endpoint.value)
        return key
    }

    // Time is never negative here, so its bits sort as it does.
    static func dueKey(_ time: Int64, _ delivery: DeliveryID) -> Key {
        var key = Key(UInt64(bitPattern: time))
        key.append(delivery.position.value)
        key.append(delivery.endpoint.value)
        return key
    }

    static func parkedKey(_ delivery: DeliveryID) -> Key {
        var key = Key()
        key.append(delivery.endpoint.value)
        key.append(delivery.position.value)
        return key
    }
}

extension PendingEntry {
    static let dueBytes = 2 + RowChecksum.bytes
    static let parkedBytes = 10 + RowChecksum.bytes

    /// A row of `due`; nil where it is malformed or its checksum is wrong.
    init?(due row: Cursor.Entry) {
        guard row.value.count == PendingEntry.dueBytes, RowChecksum.isRight(row.key, row.value) else { return nil }
        self.init(uncheckedDue: row)
    }

    /// The same without checking the checksum: rows of format 1 have none.
    init?(uncheckedDue row: Cursor.Entry) {
        guard row.key.count == 20, row.value.count >= 2 else { return nil }
        self.init(
            delivery: DeliveryID(
                position: EventPosition(row.key.uint64(at: 8)), endpoint: EndpointNumber(row.key.uint32(at: 16))),
            dueAt: Int64(bitPattern: row.key.uint64(at: 0)), attempts: row.value.uint16(at: 0))
    }

    /// A row of `parked`; nil where it is malformed or its checksum is wrong.
    init?(parked row: Cursor.Entry) {
        guard row.value.count == PendingEntry.parkedBytes, RowChecksum.isRight(row.key, row.value) else { return nil }
        self.init(uncheckedParked: row)
    }

    /// The same without checking the checksum: rows of format 1 have none.
    init?(uncheckedParked row: Cursor.Entry) {
        guard row.key.count == 12, row.value.count >= 10 else { return nil }
        self.init(
            delivery: DeliveryID(
                position: EventPosition(row.key.uint64(at: 4)), endpoint: EndpointNumber(row.key.uint32(at: 0))),
            dueAt: Int64(bitPattern: row.value.uint64(at: 0)), attempts: row.value.uint16(at: 8))
    }
}

extension Cursor.Entry {
    /// Whether the key begins with this endpoint's number. A key too short to tell counts: it is malformed, and the
    /// walk goes on.
    func belongs(to endpoint: EndpointNumber) -> Bool { key.count < 4 || key.uint32(at: 0) == endpoint.value }
}
