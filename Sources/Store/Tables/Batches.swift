public import LMDB
public import WebhookModel

/// A batch whose members are fixed: the deliveries of these positions at one endpoint, in commit order.
public struct BatchRow: Sendable, Equatable {
    public let id: BatchID
    /// The first is the leader: its due entry stands for all of them, and their attempts are recorded under it.
    public let members: [EventPosition]

    public init(id: BatchID, members: [EventPosition]) {
        self.id = id
        self.members = members
    }
}

/// A delivery that waits for others to make a batch with.
public struct GatheredEntry: Sendable, Equatable {
    public var delivery: DeliveryID
    /// When it began to wait, Unix milliseconds.
    public var since: Int64
    /// The largest number of bytes that it adds to a body.
    public var bytes: Int

    public init(delivery: DeliveryID, since: Int64, bytes: Int) {
        self.delivery = delivery
        self.since = since
        self.bytes = bytes
    }
}

extension Tables {
    // MARK: Gathering

    /// Makes a delivery of a new event that waits to be batched. Deliveries must come in ascending order.
    public func schedule(_ entry: GatheredEntry, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        let row = DeliveryRow(state: .scheduled, dueAt: entry.since, bond: .batch(leader: EventPosition(0)))
        try appendRow(entry.delivery, row, in: transaction)
        try gather(entry, in: transaction)
    }

    /// The same for one that is due later: it stays in the due index until then.
    public func scheduleBonded(
        _ delivery: DeliveryID, dueAt: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let row = DeliveryRow(state: .scheduled, dueAt: dueAt, bond: .batch(leader: EventPosition(0)))
        try appendRow(delivery, row, in: transaction)
        try putDue(PendingEntry(delivery: delivery, dueAt: dueAt, attempts: 0), in: transaction)
    }

    /// Lets a scheduled delivery that is in no table wait to be batched.
    public func gather(_ entry: GatheredEntry, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        let value = try transaction.reserve(gathering, Tables.parkedKey(entry.delivery), count: 12)
        value.store(entry.since, at: 0)
        value.store(UInt32(clamping: entry.bytes), at: 8)
    }

    /// Walks the deliveries of an endpoint that wait to form a batch, in commit order, until `visit` says no.
    ///
    /// - Returns: rows with a malformed key that it stepped over. A delivery with a malformed value is visited, and
    ///   gets a batch of its own.
    @discardableResult
    public func scanGathering(
        of endpoint: EndpointNumber, in transaction: borrowing some Transaction & ~Copyable,
        _ visit: (GatheredEntry) -> Bool
    ) throws(LMDBError) -> SkippedRows {
        var skipped = SkippedRows()
        var malformed = SkippedRows()
        try walk(gathering, from: Tables.key(endpoint.value), in: transaction, skipped: &skipped) { found in
            guard found.belongs(to: endpoint) else { return false }
            if found.key.count == 12 { return visit(GatheredEntry(found)) }
            malformed.add(gathering, found.key)
            return true
        }
        skipped += malformed
        return skipped
    }

    /// The first in commit order of an endpoint's deliveries that wait to be batched.
    public func firstGathered(
        of endpoint: EndpointNumber, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> GatheredEntry? {
        var first: GatheredEntry?
        try scanGathering(of: endpoint, in: transaction) { entry in
            first = entry
            return false
        }
        return first
    }

    /// Takes up to `limit` of an endpoint's deliveries that wait to be batched.
    public func takeGathered(
        of endpoint: EndpointNumber, limit: Int, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> [GatheredEntry] {
        var taken: [GatheredEntry] = []
        try scanGathering(of: endpoint, in: transaction) { entry in
            guard taken.count < limit else { return false }
            taken.append(entry)
            return true
        }
        for entry in taken { try transaction.delete(gathering, Tables.parkedKey(entry.delivery)) }
        return taken
    }

    // MARK: Batches

    /// Makes a batch of an endpoint's waiting deliveries, in commit order. Its members are fixed from now on, and its
    /// leader enters the due index.
    ///
    /// - Parameter now: Unix milliseconds.
    /// - Returns: the leader's entry and the members; nil: none waits.
    public func formBatch(
        of endpoint: EndpointNumber, _ rule: BatchRule, id: BatchID, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (leader: PendingEntry, members: [GatheredEntry])? {
        var members: [GatheredEntry] = []
        var bytes = 2
        try scanGathering(of: endpoint, in: transaction) { entry in
            guard let last = members.last else {
                members.append(entry)
                bytes += entry.bytes
                return rule.maxEvents > 1
            }
            let distance = entry.delivery.position.value - last.delivery.position.value
            guard bytes + entry.bytes <= rule.maxBytes, distance <= UInt64(UInt32.max) else { return false }
            members.append(entry)
            bytes += entry.bytes
            return members.count < min(rule.maxEvents, Limits.batchEventsMost)
        }
        guard let leader = members.first?.delivery else { return nil }
        for member in members { try transaction.delete(gathering, Tables.parkedKey(member.delivery)) }
        try put(BatchRow(id: id, members: members.map(\.delivery.position)), ledBy: leader, in: transaction)
        try addBatched(members.count - 1, in: transaction)
        let attempts = try delivery(leader, in: transaction)?.attempts ?? 0
        let entry = PendingEntry(delivery: leader, dueAt: now, attempts: attempts)
        return (try putDue(entry, after: now, in: transaction), members)
    }

    /// The batch that a delivery leads, as long as it is not final.
    public func batch(
        ledBy leader: DeliveryID, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> BatchRow? {
        guard let value = try transaction.get(batches, Tables.parkedKey(leader)), value.first == BatchRow.open else {
            return nil
        }
        return BatchRow(value, leader: leader.position)
    }

    /// Closes a batch that is final: its row still tells what was in it, and no longer stands for its members.
    public func close(
        _ batch: BatchRow, ledBy leader: DeliveryID, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try put(batch, ledBy: leader, state: BatchRow.closed, in: transaction)
        try addBatched(1 - batch.members.count, in: transaction)
    }

    /// Undoes a batch, as if it had never been formed.
    public func dissolve(
        _ batch: BatchRow, ledBy leader: DeliveryID, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try transaction.delete(batches, Tables.parkedKey(leader))
        try addBatched(1 - batch.members.count, in: transaction)
    }

    func put(
        _ batch: BatchRow, ledBy leader: DeliveryID, state: UInt8 = BatchRow.open,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        batch.write(state, to: try transaction.reserve(batches, Tables.parkedKey(leader), count: batch.bytes))
    }

    /// Members of batches that are not final, their leaders not counted: deliveries that wait in no other table.
    func batched(in transaction: borrowing some Transaction & ~Copyable) throws(LMDBError) -> Int {
        guard let value = try transaction.get(meta, MetaKey.batched.key), value.count == 8 else { return 0 }
        return Int(truncatingIfNeeded: value.uint64(at: 0))
    }

    func addBatched(_ count: Int, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        guard count != 0 else { return }
        let sum = max(try batched(in: transaction) + count, 0)
        try transaction.reserve(meta, MetaKey.batched.key, count: 8).store(UInt64(sum), at: 0)
    }
}

extension GatheredEntry {
    // A damaged value must not keep the delivery for ever: it counts as waiting since 1970 and as large as a body may
    // be.
    fileprivate init(_ row: Cursor.Entry) {
        let isWhole = row.value.count == 12
        self.init(
            delivery: DeliveryID(
                position: EventPosition(row.key.uint64(at: 4)), endpoint: EndpointNumber(row.key.uint32(at: 0))),
            since: isWhole ? Int64(bitPattern: row.value.uint64(at: 0)) : 0,
            bytes: isWhole ? Int(row.value.uint32(at: 8)) : Limits.batchBytesMost)
    }
}

extension BatchRow {
    static let open: UInt8 = 1
    static let closed: UInt8 = 2
    private static let fixedBytes = 19

    var bytes: Int { BatchRow.fixedBytes + 4 * (members.count - 1) }

    // Members by their distance from the one before: a thousand of them stay under a page.
    func write(_ state: UInt8, to value: UnsafeMutableRawBufferPointer) {
        value[0] = state
        value.store(id.high, at: 1)
        value.store(id.low, at: 9)
        value.store(UInt16(members.count), at: 17)
        for (index, pair) in zip(members, members.dropFirst()).enumerated() {
            value.store(UInt32(pair.1.value - pair.0.value), at: BatchRow.fixedBytes + 4 * index)
        }
    }

    init?(_ value: UnsafeRawBufferPointer, leader: EventPosition) {
        guard value.count >= BatchRow.fixedBytes else { return nil }
        let count = Int(value.uint16(at: 17))
        guard count > 0, value.count == BatchRow.fixedBytes + 4 * (count - 1) else { return nil }
        var members = [leader]
        for index in 0..<(count - 1) {
            let distance = UInt64(value.uint32(at: BatchRow.fixedBytes + 4 * index))
            members.append(EventPosition(members[index].value &+ distance))
        }
        self.init(id: BatchID(high: value.uint64(at: 1), low: value.uint64(at: 9)), members: members)
    }
}
