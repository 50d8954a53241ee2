/// One request as the journal keeps it.
public struct JournalEntry: Sendable {
    /// From 1, in order of arrival.
    public let number: Int
    /// When it was read, Unix nanoseconds.
    public let at: Int64
    public let path: String
    /// The `webhook-id` header; empty where absent.
    public let id: String
    /// Of this message at this path, from 1; 0 where it is not known.
    public let attempt: Int
    /// The answer decided; 0: reset.
    public let status: Int
    public let verdict: Verdict
    /// Request line and header lines as they came, at most `ReceiverConfiguration.journalExcerptBytes`.
    public let head: [UInt8]
    /// The body's first bytes, as many.
    public let body: [UInt8]
    public let bodyLength: Int
}

/// The latest requests: a ring of fixed capacity.
struct Journal {
    private let capacity: Int
    private var ring: [JournalEntry] = []
    private(set) var count = 0

    /// - Parameter capacity: 0 switches it off.
    init(capacity: Int) { self.capacity = capacity }

    var isOn: Bool { capacity > 0 }

    mutating func append(_ make: (_ number: Int) -> JournalEntry) {
        guard isOn else { return }
        count += 1
        let entry = make(count)
        if ring.count < capacity { ring.append(entry) } else { ring[(count - 1) % capacity] = entry }
    }

    /// Newest first.
    var entries: [JournalEntry] {
        guard ring.count == capacity, isOn else { return ring.reversed() }
        let oldest = count % capacity
        return (ring[oldest...] + ring[..<oldest]).reversed()
    }

    mutating func removeAll() { self = Journal(capacity: capacity) }
}
