/// Counters of one endpoint, or of all of them together.
public struct ReceiverCounters: Sendable, Equatable {
    /// Whole requests read, whatever became of them.
    public internal(set) var requests = 0
    /// Messages that got their first 2xx. A request without `webhook-id` counts as a message of its own.
    public internal(set) var accepted = 0
    /// Requests that came after their message's 2xx.
    public internal(set) var duplicates = 0
    /// Second and later requests of a message before its 2xx: lawful.
    public internal(set) var retries = 0
    /// Requests whose body differs from their message's first.
    public internal(set) var changedBodies = 0
    /// Requests without `webhook-id`.
    public internal(set) var withoutID = 0
    /// Connections reset on purpose: instead of an answer, and (in the totals only) as soon as they were accepted.
    public internal(set) var resets = 0
    /// Delayed answers whose sender went away first.
    public internal(set) var abandoned = 0
    /// Bytes of bodies.
    public internal(set) var bodyBytes = 0
    /// Answers by class: index 2 is 2xx.
    public internal(set) var answers = [Int](repeating: 0, count: 6)
    /// Requests by verdict, in the order of `Verdict`.
    public internal(set) var verdicts = [Int](repeating: 0, count: Verdict.allCases.count)

    init() {}

    public func count(of verdict: Verdict) -> Int { verdicts[Int(verdict.rawValue)] }
    /// Requests checked and found not valid.
    public var unverified: Int {
        Verdict.allCases.filter { $0 != .unchecked && $0 != .valid }.reduce(0) { $0 + count(of: $1) }
    }
}

/// One path and its counters.
public struct EndpointStats: Sendable {
    public let path: String
    public let counters: ReceiverCounters
}

/// The receiver's sums at one moment.
public struct ReceiverStats: Sendable {
    /// When the counters began (start or `reset`), Unix nanoseconds.
    public let since: Int64
    public let totals: ReceiverCounters
    /// Different (id, path) pairs in the accounts.
    public let messages: Int
    public let endpoints: Int
    public let connections: Int
    /// Connections accepted since the receiver started.
    public let connectionsEver: Int
    /// Requests refused before they were whole: malformed, too large, wrong method. In no endpoint's counters.
    public let refused: Int
    /// Requests whose message found no place in the accounts, and requests to paths beyond the endpoint cap.
    public let uncounted: Int
    /// A cap was hit: what the accounts lack is unknown, not lost.
    public var inconclusive: Bool { uncounted > 0 }
}
