/// A condition: a number that the receiver counts, and the values that it may have.
///
/// ```swift
/// let report = receiver.verify([
///     Assertion(.accepted, 500...500, path: PathPattern("/orders")),
///     Assertion(.duplicates, 0...0),
/// ])
/// #expect(report.holds, "\(report)")
/// ```
public struct Assertion: Sendable, Equatable {
    /// What is counted. Names as in `GET /stats`.
    public enum Measure: String, Sendable, CaseIterable {
        case requests, accepted, duplicates, retries, resets, abandoned, unverified, messages
        case changedBodies = "changed_bodies"
        case withoutID = "without_id"
        // Requests by verdict.
        case unchecked, valid, expired, future, wrong, missing, malformed
        // Answers by class.
        case ok = "2xx"
        case redirected = "3xx"
        case clientErrors = "4xx"
        case serverErrors = "5xx"
        // Faults on purpose.
        case spoilt, limited
        // How senders followed what they were told.
        case staleTimestamps = "stale_timestamps"
        case retryAfterBroken = "retry_after_broken"
        case retriesAfterGone = "retries_after_gone"
        case requestsAfterGone = "requests_after_gone"
        case gapsEarly = "gaps_early"
        case gapsLate = "gaps_late"
        case beyondInFlight = "beyond_in_flight"
        case inversions
        case missingNumbers = "missing_numbers"
        /// Requests of one message; needs `id`.
        case attempts
    }

    public var measure: Measure
    public var range: ClosedRange<Int>
    /// nil: all endpoints together.
    public var path: PathPattern?
    /// One message; `attempts`, `accepted` and `duplicates` then count for it alone.
    public var id: String?

    public init(_ measure: Measure, _ range: ClosedRange<Int>, path: PathPattern? = nil, id: String? = nil) {
        self.measure = measure
        self.range = range
        self.path = path
        self.id = id
    }

    public init(_ measure: Measure, _ count: Int, path: PathPattern? = nil, id: String? = nil) {
        self.init(measure, count...count, path: path, id: id)
    }

    /// What is counted per message.
    static let ofMessages: Set<Measure> = [.attempts, .requests, .accepted, .duplicates]

    /// Whether it depends on the messages' accounts, so that a full table makes it uncertain.
    var needsAccounts: Bool {
        switch measure {
        case .accepted, .duplicates, .retries, .messages, .changedBodies, .attempts, .staleTimestamps,
            .retryAfterBroken,
            .retriesAfterGone, .gapsEarly, .gapsLate, .requestsAfterGone, .beyondInFlight, .inversions, .missingNumbers:
            true
        // A path beyond the cap has no separate counters.
        default: id != nil || path != nil
        }
    }

    /// Whether it depends on ordering keys.
    fileprivate var needsOrder: Bool { measure == .inversions || measure == .missingNumbers }
}

extension Assertion: CustomStringConvertible {
    public var description: String {
        let place = [id.map { "id \($0)" }, path.map { "path \($0)" }].compactMap { $0 }.joined(separator: ", ")
        let name = measure.rawValue + (place.isEmpty ? "" : " (\(place))")
        if range.lowerBound == range.upperBound { return "\(name) = \(range.lowerBound)" }
        if range.upperBound == .max { return "\(name) ≥ \(range.lowerBound)" }
        return range.lowerBound == 0
            ? "\(name) ≤ \(range.upperBound)" : "\(name) in \(range.lowerBound)…\(range.upperBound)"
    }
}

/// The result of a set of assertions.
public struct VerificationReport: Sendable {
    public struct Finding: Sendable {
        public enum Outcome: String, Sendable { case holds, fails, inconclusive }
        public let assertion: Assertion
        public let found: Int
        public let outcome: Outcome
    }

    public let findings: [Finding]

    /// Whether every assertion holds.
    public var holds: Bool { findings.allSatisfy { $0.outcome == .holds } }
    /// None fails, but at least one could not be decided because a cap was reached.
    public var isInconclusive: Bool { !holds && !findings.contains { $0.outcome == .fails } }
}

extension VerificationReport: CustomStringConvertible {
    /// One line per assertion.
    public var description: String {
        findings.map { "\($0.outcome.rawValue): \($0.assertion); found \($0.found)" }.joined(separator: "\n")
    }
}

/// The data that assertions are checked against, all from one moment.
struct AssertionFacts {
    let stats: ReceiverStats
    let endpoints: [EndpointStats]
    /// A message's accounts by path.
    let accounts: (_ id: String) -> [(path: String, account: MessageAccount)]
    /// Messages by endpoint, counted on demand.
    let messages: (_ path: PathPattern) -> Int

    func finding(_ assertion: Assertion) -> VerificationReport.Finding {
        let found = count(assertion)
        let isSure = !(stats.uncounted > 0 && assertion.needsAccounts || stats.unordered > 0 && assertion.needsOrder)
        let holds = assertion.range.contains(found)
        return VerificationReport.Finding(
            assertion: assertion, found: found, outcome: isSure ? (holds ? .holds : .fails) : .inconclusive)
    }

    private func count(_ assertion: Assertion) -> Int {
        if let id = assertion.id {
            let accounts = accounts(id).filter { assertion.path?.matches($0.path) ?? true }.map(\.account)
            return accounts.reduce(0) { $0 + assertion.measure.count($1) }
        }
        guard let path = assertion.path else {
            return assertion.measure == .messages ? stats.messages : assertion.measure.count(stats.totals)
        }
        if assertion.measure == .messages { return messages(path) }
        return endpoints.filter { path.matches($0.path) }.reduce(0) { $0 + assertion.measure.count($1.counters) }
    }
}

extension Assertion.Measure {
    fileprivate func count(_ account: MessageAccount) -> Int {
        switch self {
        case .accepted: Int(account.accepted)
        case .duplicates: Int(account.duplicates)
        default: Int(account.attempts)
        }
    }

    fileprivate func count(_ counters: ReceiverCounters) -> Int {
        switch self {
        case .requests, .attempts, .messages: counters.requests
        case .accepted: counters.accepted
        case .duplicates: counters.duplicates
        case .retries: counters.retries
        case .resets: counters.resets
        case .abandoned: counters.abandoned
        case .unverified: counters.unverified
        case .changedBodies: counters.changedBodies
        case .withoutID: counters.withoutID
        case .unchecked: counters.count(of: .unchecked)
        case .valid: counters.count(of: .valid)
        case .expired: counters.count(of: .expired)
        case .future: counters.count(of: .future)
        case .wrong: counters.count(of: .wrong)
        case .missing: counters.count(of: .missing)
        case .malformed: counters.count(of: .malformed)
        case .ok: counters.answers[2]
        case .redirected: counters.answers[3]
        case .clientErrors: counters.answers[4]
        case .serverErrors: counters.answers[5]
        case .spoilt: counters.spoilt
        case .limited: counters.limited
        case .staleTimestamps: counters.conduct.staleTimestamps
        case .retryAfterBroken: counters.conduct.retryAfterBroken
        case .retriesAfterGone: counters.conduct.retriesAfterGone
        case .requestsAfterGone: counters.conduct.requestsAfterGone
        case .gapsEarly: counters.conduct.gapsEarly
        case .gapsLate: counters.conduct.gapsLate
        case .beyondInFlight: counters.conduct.beyondInFlight
        case .inversions: counters.conduct.inversions
        case .missingNumbers: counters.conduct.missingNumbers
        }
    }
}
