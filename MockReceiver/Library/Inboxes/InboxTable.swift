/// A separate path, given out on request, that keeps its requests until it expires, as webhook testing sites do.
public struct Inbox: Sendable, Equatable {
    /// 32 hex digits from the system's random generator, so that it cannot be guessed.
    public let token: String
    /// Unix nanoseconds.
    public let made: Int64
    public let expires: Int64

    /// On the data port.
    public var path: String { InboxTable.prefix + token }
}

/// The open inboxes.
///
/// At most 128 inboxes of 100 requests of 10 KiB: 128 MiB.
struct InboxTable {
    static let prefix = "/inbox/"
    static let most = 128
    /// Latest requests kept of each.
    static let mostRequests = 100

    private var members: [String: (inbox: Inbox, journal: Journal)] = [:]

    var isEmpty: Bool { members.isEmpty }
    /// Newest first.
    var all: [Inbox] { members.values.map(\.inbox).sorted { $0.made > $1.made } }

    /// nil: there are too many.
    mutating func open(now: Int64, lasting nanoseconds: Int64, random: inout some RandomNumberGenerator) -> Inbox? {
        guard members.count < InboxTable.most else { return nil }
        let halves = [random.next() as UInt64, random.next()]
        let digits = halves.map { half in
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        let inbox = Inbox(token: digits.joined(), made: now, expires: now + nanoseconds)
        members[inbox.path] = (inbox, Journal(capacity: InboxTable.mostRequests))
        return inbox
    }

    /// Whether it existed.
    mutating func close(_ token: String) -> Bool { members.removeValue(forKey: InboxTable.prefix + token) != nil }

    /// Whether any has expired.
    mutating func expire(now: Int64) -> Bool {
        let over = members.filter { $0.value.inbox.expires <= now }.keys
        for path in over { members[path] = nil }
        return !over.isEmpty
    }

    /// Its requests, newest first, numbered per inbox; nil: there is no such inbox.
    func content(_ token: String) -> (inbox: Inbox, entries: [JournalEntry], count: Int)? {
        members[InboxTable.prefix + token].map { ($0.inbox, $0.journal.entries, $0.journal.count) }
    }

    /// Keeps a request of an inbox's path.
    mutating func keep(_ entry: JournalEntry) {
        guard !members.isEmpty else { return }
        members[entry.path]?.journal.append { _ in entry }
    }

    /// Forgets the requests; the inboxes stay.
    mutating func clear() {
        for path in members.keys { members[path]?.journal.removeAll() }
    }

    /// The program for paths that look like an inbox but are none; nil for all others.
    func program(of path: String) -> CompiledProgram? {
        path.hasPrefix(InboxTable.prefix) && members[path] == nil ? InboxTable.none : nil
    }

    private static let none: CompiledProgram = {
        let body = "no such inbox: it has expired or never existed; make one with POST /inboxes\n"
        var program = BehaviourProgram(everywhere: Behaviour(reply: .answer(Answer(status: 404, body: body))))
        program.handshakes = []
        return CompiledProgram(program)
    }()
}
