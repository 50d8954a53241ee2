public import LMDB
public import WebhookModel

/// Which dead letters: every condition that is given must hold.
public struct DeadLetterQuery: Sendable {
    public var endpoints: Set<EndpointNumber>?
    public var deliveries: Set<DeliveryID>?
    public var events: Set<EventID>?
    public var types: Subscription?
    public var outcome: Outcome?
    /// Dead-lettered at this time or later, Unix milliseconds.
    public var since: Int64?
    /// Dead-lettered before this time, Unix milliseconds.
    public var until: Int64?

    public init() {}

    /// Whether it asks for what stands in the event.
    var readsEvents: Bool { events != nil || types != nil }

    func admits(_ letter: DeadLetter) -> Bool {
        (endpoints?.contains(letter.delivery.endpoint) ?? true) && (deliveries?.contains(letter.delivery) ?? true)
            && (outcome.map { $0 == letter.outcome } ?? true) && letter.at >= since ?? .min && letter.at < until ?? .max
    }

    func admits(_ event: Event) -> Bool {
        guard events?.contains(event.id) ?? true else { return false }
        guard let types else { return true }
        return event.bytes.withUnsafeBytes {
            types.matches(UnsafeRawBufferPointer(rebasing: $0[event.record.type.range]))
        }
    }
}

/// A walk over the dead letters in commit order, a slice at a time: a copy of it is a place to go on from.
public struct DeadLetterWalk: Sendable {
    public let query: DeadLetterQuery
    /// Everything has been seen.
    public private(set) var isOver = false
    private var place = DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0))

    public init(_ query: DeadLetterQuery) { self.query = query }

    /// The next that fit.
    ///
    /// - Parameters:
    ///   - found: at most so many are returned.
    ///   - scanned: at most so many are looked at.
    public mutating func next(
        _ tables: Tables, found most: Int, scanned: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [DeadLetter] {
        let candidates = try slice(tables, found: most, scanned: scanned, in: transaction)
        guard query.readsEvents else { return candidates }
        var fitting: [DeadLetter] = []
        for letter in candidates {
            // What cannot be read fits no question about what stands in it.
            guard case .event(let event) = try tables.event(at: letter.delivery.position, in: transaction),
                query.admits(event)
            else { continue }
            fitting.append(letter)
        }
        return fitting
    }

    private mutating func slice(
        _ tables: Tables, found most: Int, scanned: Int, in transaction: borrowing some Transaction & ~Copyable
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
                place = DeliveryID(
                    position: EventPosition(present.key.uint64(at: 0)),
                    endpoint: EndpointNumber(present.key.uint32(at: 8) &+ 1))
            }
            entry = try cursor.next()
        }
        isOver = true
        return letters
    }
}
