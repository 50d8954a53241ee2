public import LMDB
public import WebhookModel

/// A sequence: the deliveries of one ordering key at one endpoint that delivers in order.
///
/// One of them, the head, waits in the due index or is with a sender. The others wait behind it, in commit order. Two
/// keys with the same hash share a sequence; the only effect is that they wait for each other.
public struct SequenceKey: Sendable, Hashable {
    public let endpoint: EndpointNumber
    public let hash: UInt64

    public init(endpoint: EndpointNumber, hash: UInt64) {
        self.endpoint = endpoint
        self.hash = hash
    }

    /// The hash is on disk: `FNV1a` of the key's bytes.
    public init(endpoint: EndpointNumber, orderingKey: UnsafeRawBufferPointer) {
        self.init(endpoint: endpoint, hash: FNV1a.hash(orderingKey))
    }
}

extension Tables {
    /// Lets a scheduled delivery wait in its sequence: as head in the due index, otherwise behind the head.
    ///
    /// A head that is scheduled again stays head; if its key was held, the hold ends.
    ///
    /// - Returns: whether it is head.
    public func enter(
        _ entry: PendingEntry, _ sequence: SequenceKey, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        if let head = try head(of: sequence, in: transaction) {
            guard head == entry.delivery.position else {
                try putBehind(entry, sequence, in: transaction)
                return false
            }
            try transaction.delete(holds, sequence.key)
        } else {
            try setHead(entry.delivery.position, of: sequence, in: transaction)
        }
        try putDue(entry, in: transaction)
        return true
    }

    /// The head of a sequence is final: the first delivery behind it becomes head and enters the due index.
    ///
    /// - Parameter now: Unix milliseconds.
    /// - Returns: the new head; nil where none waits behind, or the delivery was not head.
    public func advance(
        past delivery: DeliveryID, _ sequence: SequenceKey, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> PendingEntry? {
        guard try head(of: sequence, in: transaction) == delivery.position else { return nil }
        guard let next = try firstBehind(sequence, in: transaction) else {
            try transaction.delete(heads, sequence.key)
            return nil
        }
        try transaction.delete(behind, Tables.behindKey(sequence, next.delivery.position))
        try setHead(next.delivery.position, of: sequence, in: transaction)
        return try putDue(next, after: now, in: transaction)
    }

    /// Enters a delivery that had to wait into the due index: at its own time, or a millisecond after `now` if that is
    /// later.
    ///
    /// - Parameter now: Unix milliseconds.
    /// - Returns: the entry with the time that it has there.
    public func putDue(
        _ entry: PendingEntry, after now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> PendingEntry {
        // At least a millisecond from now, like a retry: an entry must not sort before the place that the queue has
        // scanned up to.
        let entry = PendingEntry(delivery: entry.delivery, dueAt: max(entry.dueAt, now + 1), attempts: entry.attempts)
        try putDue(entry, in: transaction)
        return entry
    }

    /// The head became a dead letter; the deliveries behind it wait until it is released or delivered.
    public func hold(
        _ delivery: DeliveryID, _ sequence: SequenceKey, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        guard try head(of: sequence, in: transaction) == delivery.position else { return }
        try transaction.reserve(holds, sequence.key, count: 8).store(delivery.position.value, at: 0)
    }

    /// Ends the hold of a sequence: the deliveries behind the dead letter continue.
    ///
    /// - Parameter dead: only if this dead letter holds it; nil: any.
    /// - Returns: whether it was held, and the new head if there is one.
    public func release(
        _ sequence: SequenceKey, heldBy dead: EventPosition? = nil, now: Int64,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (wasHeld: Bool, next: PendingEntry?) {
        guard let value = try transaction.get(holds, sequence.key), value.count == 8 else { return (false, nil) }
        let holder = EventPosition(value.uint64(at: 0))
        guard dead == nil || dead == holder else { return (false, nil) }
        try transaction.delete(holds, sequence.key)
        let delivery = DeliveryID(position: holder, endpoint: sequence.endpoint)
        return (true, try advance(past: delivery, sequence, now: now, in: transaction))
    }

    /// Takes a scheduled delivery that is in no batch out of the table that it waits in.
    ///
    /// - Parameters:
    ///   - times: under which it may stand in the due index.
    ///   - sequence: behind whose head it may wait.
    /// - Returns: false: it is in none of them.
    public func takeWaiting(
        _ delivery: DeliveryID, times: [Int64], _ sequence: SequenceKey?, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        for time in times where try transaction.delete(due, Tables.dueKey(time, delivery)) { return true }
        if try transaction.delete(parked, Tables.parkedKey(delivery)) { return true }
        guard let sequence else { return false }
        return try transaction.delete(behind, Tables.behindKey(sequence, delivery.position))
    }

    // MARK: Slices of an endpoint

    /// Takes up to `limit` deliveries from behind the heads of an endpoint.
    public func takeBehind(
        of endpoint: EndpointNumber, limit: Int, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> [PendingEntry] {
        var taken: [(Key, PendingEntry)] = []
        try scanBehind(from: Tables.key(endpoint.value), of: endpoint, in: transaction) { sequence, entry in
            guard taken.count < limit else { return false }
            taken.append((Tables.behindKey(sequence, entry.delivery.position), entry))
            return true
        }
        for (key, _) in taken { try transaction.delete(behind, key) }
        return taken.map(\.1)
    }

    /// Removes up to `limit` heads and holds of an endpoint. No delivery may wait behind them.
    ///
    /// - Returns: the number.
    public func forgetHeads(
        of endpoint: EndpointNumber, limit: Int, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Int {
        let doomed = try sequences(heads, of: endpoint, limit: limit, in: transaction)
        for sequence in doomed {
            try transaction.delete(heads, sequence.key)
            try transaction.delete(holds, sequence.key)
        }
        return doomed.count
    }

    /// Ends up to `limit` holds of an endpoint.
    ///
    /// - Returns: the number, and the new heads.
    public func releaseHolds(
        of endpoint: EndpointNumber, limit: Int, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (ended: Int, heads: [PendingEntry]) {
        let held = try sequences(holds, of: endpoint, limit: limit, in: transaction)
        var next: [PendingEntry] = []
        for sequence in held {
            if let head = try release(sequence, now: now, in: transaction).next { next.append(head) }
        }
        return (held.count, next)
    }

    /// Whether a delivery waits behind a head at this endpoint.
    public func hasBehind(
        _ endpoint: EndpointNumber, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> Bool {
        var found = false
        try scanBehind(from: Tables.key(endpoint.value), of: endpoint, in: transaction) { _, _ in
            found = true
            return false
        }
        return found
    }

    // MARK: Rows

    /// The position of a sequence's head.
    public func head(
        of sequence: SequenceKey, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> EventPosition? {
        guard let value = try transaction.get(heads, sequence.key), value.count == 8 else { return nil }
        return EventPosition(value.uint64(at: 0))
    }

    private func setHead(
        _ position: EventPosition, of sequence: SequenceKey, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try transaction.reserve(heads, sequence.key, count: 8).store(position.value, at: 0)
    }

    private func putBehind(
        _ entry: PendingEntry, _ sequence: SequenceKey, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let value = try transaction.reserve(behind, Tables.behindKey(sequence, entry.delivery.position), count: 10)
        value.store(entry.dueAt, at: 0)
        value.store(entry.attempts, at: 8)
    }

    private func firstBehind(
        _ sequence: SequenceKey, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> PendingEntry? {
        var first: PendingEntry?
        try scanBehind(from: sequence.key, of: sequence.endpoint, in: transaction) { found, entry in
            if found == sequence { first = entry }
            return false
        }
        return first
    }

    /// Walks the deliveries of an endpoint that wait behind a head, from `key` on, until `visit` says no.
    ///
    /// - Returns: rows with a malformed key that it stepped over.
    @discardableResult
    func scanBehind(
        from key: Key, of endpoint: EndpointNumber, in transaction: borrowing some Transaction & ~Copyable,
        _ visit: (SequenceKey, PendingEntry) -> Bool
    ) throws(LMDBError) -> SkippedRows {
        var skipped = SkippedRows()
        var cursor = try transaction.cursor(behind)
        var entry = try cursor.seek(key)
        while let found = entry, found.belongs(to: endpoint) {
            if found.key.count == 20 {
                let sequence = SequenceKey(endpoint: endpoint, hash: found.key.uint64(at: 4))
                let delivery = DeliveryID(position: EventPosition(found.key.uint64(at: 12)), endpoint: endpoint)
                // A damaged value loses its time only: the delivery must not wait for ever.
                let isWhole = found.value.count == 10
                let pending = PendingEntry(
                    delivery: delivery, dueAt: isWhole ? Int64(bitPattern: found.value.uint64(at: 0)) : 0,
                    attempts: isWhole ? found.value.uint16(at: 8) : 0)
                guard visit(sequence, pending) else { return skipped }
            } else {
                skipped.add(behind, found.key)
            }
            entry = try cursor.next()
        }
        return skipped
    }

    private func sequences(
        _ table: Database, of endpoint: EndpointNumber, limit: Int, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> [SequenceKey] {
        var cursor = try transaction.cursor(table)
        var found: [SequenceKey] = []
        var entry = try cursor.seek(Tables.key(endpoint.value))
        while let present = entry, found.count < limit, present.belongs(to: endpoint) {
            if present.key.count == 12 {
                found.append(SequenceKey(endpoint: endpoint, hash: present.key.uint64(at: 4)))
            }
            entry = try cursor.next()
        }
        return found
    }

    static func behindKey(_ sequence: SequenceKey, _ position: EventPosition) -> Key {
        var key = sequence.key
        key.append(position.value)
        return key
    }
}

extension SequenceKey {
    var key: Key {
        var key = Tables.key(endpoint.value)
        key.append(hash)
        return key
    }
}
