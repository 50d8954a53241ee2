public import LMDB
public import WebhookModel

/// Removes events that are final and older than the dedup window, in commit order, a slice at a time.
///
/// Pending deliveries never expire. A dead letter keeps its event until its own retention is over. An event that must
/// stay is passed over; every ten minutes a new pass from the beginning looks at those.
public struct RetentionSweep: Sendable {
    /// Milliseconds since an event was accepted; after that it may be removed with its id.
    public let retention: Int64
    /// Milliseconds since a delivery was dead-lettered.
    public let deadLetterRetention: Int64
    private var place: UInt64 = 0
    private var nextPass: Int64 = 0

    public init(
        retention: Int64 = Limits.retentionMilliseconds, deadLetterRetention: Int64 = Limits.deadLetterMilliseconds
    ) {
        self.retention = retention
        self.deadLetterRetention = deadLetterRetention
    }

    /// What a slice did.
    public struct Progress: Sendable, Equatable {
        public var removedEvents = 0
        /// Deliveries whose sequence was held by a dead letter that was removed: they are heads now, in the due index.
        public var released: [PendingEntry] = []
        /// The sweep reached events that are not old enough: wait before the next slice.
        public var isAtYoungEnd = false
    }

    /// Looks at up to `limit` events.
    ///
    /// - Parameters:
    ///   - now: by which age counts, Unix milliseconds.
    ///   - clock: the time on the clock, which may be later; nil: the same. Deliveries whose sequence a removed dead
    ///     letter held are due then.
    public mutating func sweep(
        _ tables: Tables, limit: Int, now: Int64, clock: Int64? = nil, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Progress {
        var progress = Progress()
        var doomed: [(position: EventPosition, id: EventID?, header: EventHeader)] = []
        do {
            var cursor = try transaction.cursor(tables.events)
            var entry = try cursor.seek(Key(place))
            for _ in 0..<limit {
                guard let found = entry else {
                    progress.isAtYoungEnd = true
                    break
                }
                guard found.key.count == 8 else {
                    entry = try cursor.next()
                    continue
                }
                let position = EventPosition(found.key.uint64(at: 0))
                // A damaged header is passed over: it is kept as evidence, and does not stop the sweep.
                guard let header = EventHeader(found.value) else {
                    place = position.value + 1
                    entry = try cursor.next()
                    continue
                }
                // Accepted while the clock was ahead: it stays long, and the sweep goes on behind it.
                guard header.acceptedAt <= clock ?? now else {
                    place = position.value + 1
                    entry = try cursor.next()
                    continue
                }
                guard header.acceptedAt + retention <= now else {
                    progress.isAtYoungEnd = true
                    break
                }
                place = position.value + 1
                if try isOver(position, tables, now: now, in: transaction) {
                    doomed.append(
                        (position, try id(of: position, found.value, header, tables, in: transaction), header))
                }
                entry = try cursor.next()
            }
        }
        for event in doomed {
            try tables.removeEvent(at: event.position, id: event.id, header: event.header, in: transaction)
            // A dead letter that is removed cannot be delivered again, so it must not hold its key any longer.
            for sequence in try removeDeliveries(of: event.position, tables, in: transaction) {
                let release = try tables.release(sequence, heldBy: event.position, now: clock ?? now, in: transaction)
                if let next = release.next { progress.released.append(next) }
            }
        }
        if progress.isAtYoungEnd, now >= nextPass {
            place = 0
            nextPass = now + Limits.sweepPassMilliseconds
        }
        progress.removedEvents = doomed.count
        return progress
    }

    private func isOver(
        _ position: EventPosition, _ tables: Tables, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        var cursor = try transaction.cursor(tables.deliveries)
        var entry = try cursor.seek(Key(position.value))
        while let found = entry, found.key.count < 8 || found.key.uint64(at: 0) == position.value {
            guard found.key.count == 12, let row = DeliveryRow(found.key, found.value), row.state.isFinal else {
                return false
            }
            if row.state == .deadLettered, row.finishedAt + deadLetterRetention > now { return false }
            entry = try cursor.next()
        }
        return true
    }

    // The id is the record's first sixteen bytes.
    private func id(
        of position: EventPosition, _ value: UnsafeRawBufferPointer, _ header: EventHeader, _ tables: Tables,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> EventID? {
        let record =
            header.chunks == 0
            ? UnsafeRawBufferPointer(rebasing: value[EventHeader.bytes...])
            : try transaction.get(tables.chunks, Tables.chunkKey(position, 0))
        guard let record, record.count >= 16 else { return nil }
        return EventID(high: record.uint64(at: 0), low: record.uint64(at: 8))
    }

    private func removeDeliveries(
        of position: EventPosition, _ tables: Tables, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> [SequenceKey] {
        var ended: [SequenceKey] = []
        for table in [tables.deliveries, tables.attempts, tables.dead] {
            var cursor = try transaction.cursor(table)
            var entry = try cursor.seek(Key(position.value))
            while let found = entry, found.key.count >= 8, found.key.uint64(at: 0) == position.value {
                if let sequence = RetentionSweep.deadSequence(found) { ended.append(sequence) }
                let led = RetentionSweep.mayLead(found)
                try cursor.delete()
                if let led { try transaction.delete(tables.batches, Tables.parkedKey(led)) }
                entry = try cursor.seek(Key(position.value))
            }
        }
        return ended
    }

    /// A delivery that was in a batch, and may have led one.
    private static func mayLead(_ entry: Cursor.Entry) -> DeliveryID? {
        guard entry.key.count == 12, let row = DeliveryRow(entry.key, entry.value), case .batch = row.bond else {
            return nil
        }
        return DeliveryID(
            position: EventPosition(entry.key.uint64(at: 0)), endpoint: EndpointNumber(entry.key.uint32(at: 8)))
    }

    /// The sequence of a dead letter; nil for anything else, and for the rows of other tables.
    private static func deadSequence(_ entry: Cursor.Entry) -> SequenceKey? {
        guard entry.key.count == 12, let row = DeliveryRow(entry.key, entry.value), row.state == .deadLettered else {
            return nil
        }
        return row.sequence(at: EndpointNumber(entry.key.uint32(at: 8)))
    }
}
