public import LMDB
public import WebhookModel

/// Which dead letters: every condition that is given must hold.
public struct DeadLetterQuery: Sendable {
    public var endpoints: Set<EndpointNumber>?
    public var deliveries: Set<DeliveryID>?
    public var events: Set<EventID>?
    public var types: Subscription?
    /// How the last attempt ended: one of these.
    public var outcomes: Set<Outcome>?
    /// Dead-lettered at this time or later, Unix milliseconds.
    public var since: Int64?
    /// Dead-lettered before this time, Unix milliseconds.
    public var until: Int64?

    public init() {}

    /// Whether a dead letter is one of those that are asked for. A condition about its event's content reads the event.
    public func admits(
        _ letter: DeadLetter, _ tables: Tables, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> Bool {
        guard admits(letter) else { return false }
        guard types != nil || events != nil else { return true }
        guard case .event(let event) = try tables.event(at: letter.delivery.position, in: transaction) else {
            return false
        }
        return admits(event)
    }

    func admits(_ letter: DeadLetter) -> Bool {
        (endpoints?.contains(letter.delivery.endpoint) ?? true) && (deliveries?.contains(letter.delivery) ?? true)
            && (outcomes?.contains(letter.outcome) ?? true) && letter.at >= since ?? .min && letter.at < until ?? .max
    }

    func admits(_ event: Event) -> Bool {
        guard events?.contains(event.id) ?? true else { return false }
        guard let types else { return true }
        return event.bytes.withUnsafeBytes {
            types.matches(UnsafeRawBufferPointer(rebasing: $0[event.record.type.range]))
        }
    }
}

/// A walk over dead letters, a slice at a time: a copy of it is a place to go on from.
///
/// Deliveries and events that the query names are looked up by their keys, in order of their ids. Any other query walks
/// the whole table in commit order.
public struct DeadLetterWalk: Sendable {
    public let query: DeadLetterQuery
    /// Everything has been seen.
    public private(set) var isOver = false

    private enum Source: Sendable {
        /// From this key of the table on.
        case table(DeliveryID)
        /// Named deliveries, the next last; then the deliveries of named events, the next last.
        case named(deliveries: [DeliveryID], events: [EventID])
    }

    private var source: Source

    public init(_ query: DeadLetterQuery) {
        self.query = query
        if let deliveries = query.deliveries {
            source = .named(deliveries: deliveries.sorted(by: >), events: [])
        } else if let events = query.events {
            source = .named(deliveries: [], events: events.sorted(by: >))
        } else {
            source = .table(DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0)))
        }
    }

    /// The next dead letters that match.
    ///
    /// - Parameters:
    ///   - most: the largest number that is returned.
    ///   - scanned: the largest number of rows that it looks at.
    ///   - bytes: it reads no further event once it has read this many bytes of events.
    public mutating func next(
        _ tables: Tables, found most: Int, scanned: Int, bytes: Int = Limits.searchedBytesPerSlice,
        in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [DeadLetter] {
        let candidates = try candidates(tables, found: most, scanned: scanned, in: transaction)
        // A named event was found by its id; its record need not be read for that.
        guard query.types != nil || (query.events != nil && query.deliveries != nil) else { return candidates }
        var matching: [DeadLetter] = []
        var read = 0
        for (index, letter) in candidates.enumerated() {
            guard read < bytes else {
                putBack(candidates[index...])
                break
            }
            // An event that cannot be read matches no condition about its content.
            guard case .event(let event) = try tables.event(at: letter.delivery.position, in: transaction) else {
                continue
            }
            read += event.bytes.count
            if query.admits(event) { matching.append(letter) }
        }
        return matching
    }

    /// Those that match as far as their own rows tell.
    private mutating func candidates(
        _ tables: Tables, found most: Int, scanned: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [DeadLetter] {
        switch source {
        case .table(let place):
            return try slice(tables, from: place, found: most, scanned: scanned, in: transaction)
        case .named(var deliveries, var events):
            var letters: [DeadLetter] = []
            var looked = 0
            while letters.count < most, looked < scanned {
                if let delivery = deliveries.popLast() {
                    looked += 1
                    guard let letter = try tables.deadLetter(delivery, in: transaction), query.admits(letter) else {
                        continue
                    }
                    letters.append(letter)
                } else if let event = events.popLast() {
                    looked += 1
                    for position in try tables.positions(of: event, in: transaction) {
                        deliveries += try tables.deadDeliveries(of: position, in: transaction)
                    }
                    deliveries.sort(by: >)
                } else {
                    isOver = true
                    break
                }
            }
            source = .named(deliveries: deliveries, events: events)
            return letters
        }
    }

    private mutating func slice(
        _ tables: Tables, from place: DeliveryID, found most: Int, scanned: Int,
        in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [DeadLetter] {
        var cursor = try transaction.cursor(tables.dead)
        var entry = try cursor.seek(Tables.key(place))
        var letters: [DeadLetter] = []
        var looked = 0
        while let present = entry {
            guard letters.count < most, looked < scanned else { return letters }
            looked += 1
            if let letter = DeadLetter(key: present.key, value: present.value), query.admits(letter) {
                letters.append(letter)
            }
            if present.key.count == 12 {
                source = .table(
                    DeliveryID(
                        position: EventPosition(present.key.uint64(at: 0)),
                        endpoint: EndpointNumber(present.key.uint32(at: 8) &+ 1)))
            }
            entry = try cursor.next()
        }
        isOver = true
        return letters
    }

    /// The next slice begins with these again.
    private mutating func putBack(_ letters: ArraySlice<DeadLetter>) {
        guard let first = letters.first else { return }
        isOver = false
        switch source {
        case .table: source = .table(first.delivery)
        case .named(let deliveries, let events):
            source = .named(deliveries: deliveries + letters.reversed().map(\.delivery), events: events)
        }
    }
}

extension Tables {
    /// A delivery's dead letter; nil where there is none or its row is damaged.
    public func deadLetter(
        _ delivery: DeliveryID, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> DeadLetter? {
        let key = Tables.key(delivery)
        guard let value = try transaction.get(dead, key) else { return nil }
        return key.withBytes { DeadLetter(key: $0, value: value) }
    }

    /// The positions of the events with this id: one for each tenant that published it.
    public func positions(
        of event: EventID, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [EventPosition] {
        var positions: [EventPosition] = []
        var cursor = try transaction.cursor(ids)
        var entry = try cursor.seek(Tables.key(event, TenantNumber(0)))
        while let found = entry, found.key.count >= 16, found.key.uint64(at: 0) == event.high,
            found.key.uint64(at: 8) == event.low
        {
            if found.key.count == 20, let known = KnownEvent(found.value) { positions.append(known.position) }
            entry = try cursor.next()
        }
        return positions
    }

    /// The deliveries of an event that are dead letters.
    func deadDeliveries(
        of position: EventPosition, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [DeliveryID] {
        var deliveries: [DeliveryID] = []
        var cursor = try transaction.cursor(dead)
        var entry = try cursor.seek(Key(position.value))
        while let found = entry, found.key.count >= 8, found.key.uint64(at: 0) == position.value {
            if found.key.count == 12 {
                deliveries.append(DeliveryID(position: position, endpoint: EndpointNumber(found.key.uint32(at: 8))))
            }
            entry = try cursor.next()
        }
        return deliveries
    }
}
