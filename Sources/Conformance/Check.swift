/// One requirement of Protocol.md on a server, and the code that checks it.
public struct Check: Sendable {
    public enum Pace: Sendable {
        case quick
        /// Waits for a deadline of the server; runs in parallel with others.
        case slow
        /// Ends the server; runs after all others.
        case last
    }

    /// A stable name: `header-flags`.
    public let id: String
    /// The clauses of Protocol.md that it exercises, the main one first.
    public let clauses: [String]
    /// The requirement, as a sentence.
    public let title: String
    public let pace: Pace
    let body: @Sendable (Stage) throws -> Void

    init(
        _ id: String, _ clauses: [String], _ title: String, pace: Pace = .quick,
        body: @escaping @Sendable (Stage) throws -> Void
    ) {
        self.id = id
        self.clauses = clauses
        self.title = title
        self.pace = pace
        self.body = body
    }

    /// The group in reports: the first word of the id.
    public var group: String { String(id.prefix { $0 != "-" }) }
}

/// The server did something other than Protocol.md says.
public struct Deviation: Error, Sendable, Equatable {
    public var clause: String
    public var expected: String
    public var actual: String
    /// The first bytes of the last reply, and of what was sent last, in hex.
    public var received: String
    public var sent: String

    package init(clause: String, expected: String, actual: String, received: String, sent: String) {
        self.clause = clause
        self.expected = expected
        self.actual = actual
        self.received = received
        self.sent = sent
    }
}

/// The check cannot run against this server or with these settings; the reason says why.
struct SkippedCheck: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

/// The result of a check.
public enum Verdict: Sendable, Equatable {
    case passed
    case failed(Deviation)
    case skipped(String)
}
