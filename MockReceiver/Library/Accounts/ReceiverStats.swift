/// Counters of one endpoint, or of all of them together.
public struct ReceiverCounters: Sendable, Equatable {
    /// Whole requests that were read, and those to which a fault applied before they were whole, whatever happened to
    /// them.
    public internal(set) var requests = 0
    /// Messages that got their first 2xx. A request without `webhook-id` counts as a separate message.
    public internal(set) var accepted = 0
    /// Requests that came after their message's 2xx.
    public internal(set) var duplicates = 0
    /// Second and later requests of a message before its 2xx; these are permitted.
    public internal(set) var retries = 0
    /// Requests whose body differs from their message's first.
    public internal(set) var changedBodies = 0
    /// Requests without `webhook-id`.
    public internal(set) var withoutID = 0
    /// Connections reset on purpose: instead of an answer, and (in the totals only) right after they were accepted.
    public internal(set) var resets = 0
    /// Requests that got no usable answer, on purpose: silence, half a head, a body that does not end. Resets are not
    /// included.
    public internal(set) var spoilt = 0
    /// Requests above a rate limit. Their 429 is also counted among the answers.
    public internal(set) var limited = 0
    /// Delayed or slow answers whose sender disconnected first.
    public internal(set) var abandoned = 0
    /// Bytes of bodies.
    public internal(set) var bodyBytes = 0
    /// How senders followed what they were told.
    public internal(set) var conduct = ConductCounters()

    private var answerTallies = Tallies<6>()
    private var verdictTallies = Tallies<7>()
    private var diagnosisTallies = Tallies<16>()

    init() {}

    /// Answers by class: index 2 is 2xx.
    public var answers: [Int] { answerTallies.array }
    /// Requests by verdict, in the order of `Verdict`.
    public var verdicts: [Int] { verdictTallies.array }

    public func count(of verdict: Verdict) -> Int { verdictTallies[Int(verdict.rawValue)] }
    /// Requests whose signature was wrong for this reason.
    public func count(of diagnosis: SignatureDiagnosis) -> Int { diagnosisTallies[Int(diagnosis.rawValue)] }
    /// Requests checked and found not valid.
    public var unverified: Int {
        Verdict.allCases.filter { $0 != .unchecked && $0 != .valid }.reduce(0) { $0 + count(of: $1) }
    }

    mutating func count(status: Int) { answerTallies[min(5, status / 100)] += 1 }
    mutating func count(_ verdict: Verdict) { verdictTallies[Int(verdict.rawValue)] += 1 }
    mutating func count(_ diagnosis: SignatureDiagnosis) { diagnosisTallies[Int(diagnosis.rawValue)] += 1 }
}

/// One path and its counters.
public struct EndpointStats: Sendable {
    public let path: String
    public let counters: ReceiverCounters
    /// Gaps between attempts, by the number of the attempt that the gap ends: the first is attempt 2. Empty: no retries yet.
    public let gaps: [ObservedGap]
    /// From the occurrence of the event to the request; nil: not requested, or never given.
    public let latency: LatencyReport?
}

/// The receiver's totals at one moment.
public struct ReceiverStats: Sendable {
    /// When the counters began (start or `reset`), Unix nanoseconds.
    public let since: Int64
    public let totals: ReceiverCounters
    /// From the occurrence of events to their requests, over all paths; nil: not requested for any path, or never
    /// given.
    public let latency: LatencyReport?
    /// Different (id, path) pairs in the accounts.
    public let messages: Int
    /// Bytes used by their accounts.
    public let accountBytes: Int
    public let endpoints: Int
    public let connections: Int
    /// Connections accepted since the start or the last reset.
    public let connectionsEver: Int
    /// Requests refused before they were whole: malformed, too large, wrong method. In no endpoint's counters.
    public let refused: Int
    /// Handshakes, answered correctly or by a rule. In no endpoint's counters.
    public let handshakes: Int
    /// Requests of methods that carry no webhook, answered by a rule, except handshakes. In no endpoint's counters.
    public let otherRequests: Int
    /// Requests whose message did not fit into the accounts, and requests to paths beyond the endpoint cap.
    public let uncounted: Int
    /// Messages whose ordering key did not fit.
    public let unordered: Int
    /// Callers that wait for a condition.
    public let waiting: Int
    /// What is missing in the journal's file, if there is one.
    public let journalShortfall: JournalShortfall
    /// A cap was reached, so what is missing in the accounts is unknown, not lost.
    public var inconclusive: Bool { uncounted > 0 || unordered > 0 }
}
