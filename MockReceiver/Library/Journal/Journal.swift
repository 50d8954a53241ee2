/// One request as the journal keeps it.
public struct JournalEntry: Sendable {
    /// From 1, in order of arrival.
    public let number: Int
    /// When it was read, Unix nanoseconds.
    public let at: Int64
    public let path: String
    /// The `webhook-id` header, at most 256 bytes; empty: absent.
    public let id: String
    /// The attempt number of this message at this path, from 1; 0: not known.
    public let attempt: Int
    /// The status of the decided answer; 0: reset, or spoilt by `fault`.
    public let status: Int
    public let verdict: Verdict
    /// Which of the path's secrets, if the signature is valid.
    public let key: Int?
    /// Why the signature is wrong, if it was diagnosed.
    public let diagnosis: SignatureDiagnosis?
    /// Milliseconds before the answer.
    public let delay: Int
    /// What goes wrong with the answer, on purpose.
    public let fault: Fault?
    /// Request line and header lines as received, at most `ReceiverConfiguration.journalExcerptBytes`.
    public let head: [UInt8]
    /// The body's first bytes, with the same limit.
    public let body: [UInt8]
    public let bodyLength: Int
    /// False: it carries no message. It is a handshake, or a request of a method that carries no webhook.
    public let isMessage: Bool
    /// nil: it is none.
    public let handshake: Handshake?
}

extension JournalEntry {
    /// The most bytes of an id that are kept.
    static let mostIDBytes = 256

    /// The part of an id that is kept.
    static func kept(id: String) -> String {
        id.utf8.count <= mostIDBytes ? id : String(decoding: id.utf8.prefix(mostIDBytes), as: UTF8.self)
    }

    /// A copy with at most this number of bytes of head and of body.
    func excerpt(_ most: Int) -> JournalEntry {
        guard head.count > most || body.count > most else { return self }
        return JournalEntry(
            number: number, at: at, path: path, id: id, attempt: attempt, status: status, verdict: verdict, key: key,
            diagnosis: diagnosis, delay: delay, fault: fault, head: Array(head.prefix(most)),
            body: Array(body.prefix(most)),
            bodyLength: bodyLength, isMessage: isMessage, handshake: handshake)
    }

    init(
        _ number: Int, _ excerpt: ReceivedRequest.Excerpt, _ request: ReceivedRequest, attempt: Int,
        _ reply: RenderedReply,
        delay: Int
    ) {
        self.init(
            number: number, at: request.at, path: request.path.shown, id: excerpt.id, attempt: attempt,
            status: reply.outcome.status, verdict: request.verdict, key: request.key.map(Int.init),
            diagnosis: request.diagnosis,
            delay: delay, fault: reply.fault, head: excerpt.head, body: excerpt.body, bodyLength: request.bodyLength,
            isMessage: request.isMessage, handshake: request.handshake)
    }
}

/// The latest requests: a ring of fixed capacity, and all requests in a file if there is one.
struct Journal {
    private let capacity: Int
    private let excerptBytes: Int
    private let file: JournalFile?
    private var ring: [JournalEntry] = []
    private(set) var count = 0

    /// - Parameters:
    ///   - capacity: of the ring; 0: there is none.
    ///   - excerptBytes: of head and of body that the ring keeps.
    init(capacity: Int, excerptBytes: Int = .max, file: JournalFile? = nil) {
        self.capacity = capacity
        self.excerptBytes = excerptBytes
        self.file = file
    }

    /// What is missing in the file.
    var shortfall: JournalShortfall { file?.shortfall ?? JournalShortfall() }

    /// Appends an entry; returns it as the ring keeps it.
    @discardableResult
    mutating func append(_ make: (_ number: Int) -> JournalEntry) -> JournalEntry {
        count += 1
        let whole = make(count)
        file?.append(whole)
        let entry = whole.excerpt(excerptBytes)
        if ring.count < capacity {
            ring.append(entry)
        } else if capacity > 0 {
            ring[(count - 1) % capacity] = entry
        }
        return entry
    }

    /// Newest first.
    var entries: [JournalEntry] {
        guard ring.count == capacity, capacity > 0 else { return ring.reversed() }
        let oldest = count % capacity
        return (ring[oldest...] + ring[..<oldest]).reversed()
    }

    mutating func removeAll() { self = Journal(capacity: capacity, excerptBytes: excerptBytes, file: file) }
}
