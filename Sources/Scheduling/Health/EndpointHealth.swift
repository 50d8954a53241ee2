public import WebhookModel

/// How long an endpoint has failed without one success, and what follows from it. Pure.
///
/// An endpoint is disabled only when failures were seen again and again over five days: ten of them, an hour or more
/// apart, and never a day and a half without one. Two failures that are days apart show nothing about the time between.
/// Failures whose cause may be ours (`Outcome.blamesEndpoint`) are no evidence.
public struct EndpointHealth: Sendable, Equatable {
    /// What an attempt's end means for its endpoint.
    public enum Verdict: Sendable, Equatable {
        case unchanged
        /// The first failure after a success, or after a time without attempts.
        case beganToFail
        /// Its attempts fail one after another, the latest with this outcome: the operator is to be told. Once in a stretch.
        case fails(Outcome)
        /// A success after failures.
        case recovered
        /// It has failed for so many days: its owner is to be told.
        case warn(days: Int)
        case disable(Endpoint.Disablement.Reason)
    }

    /// Nil: it works.
    public private(set) var failing: FailingStretch?
    /// The last warning that was given in this stretch of failures, in days; 0: none.
    public private(set) var warnedDays: Int

    /// Failures in a row, whatever their cause, as far as this process saw them, and when the first of them was.
    private var failures = 0
    private var failingFrom: Int64 = 0
    /// The operator was told that it fails.
    public private(set) var isTold = false

    public init(failing: FailingStretch? = nil, warnedDays: Int = 0) {
        self.failing = failing
        self.warnedDays = warnedDays
    }

    private static let day: Int64 = 86_400_000

    /// Follows the end of an attempt.
    ///
    /// - Parameter now: Unix milliseconds.
    public mutating func follow(_ outcome: Outcome, now: Int64) -> Verdict {
        if outcome.isDelivered {
            let verdict = failing == nil && !isTold ? Verdict.unchanged : .recovered
            self = EndpointHealth()
            return verdict
        }
        let tells = countFailure(now)
        guard outcome.blamesEndpoint else { return tells ? .fails(outcome) : .unchanged }
        if outcome == .gone { return .disable(.gone) }
        guard var stretch = failing, now - stretch.latest <= Limits.failingGapMilliseconds else {
            failing = FailingStretch(since: now)
            warnedDays = 0
            return tells ? .fails(outcome) : .beganToFail
        }
        if now - stretch.latest >= Limits.failingSightingMilliseconds {
            stretch.sightings += 1
            stretch.latest = now
            failing = stretch
        }
        let duration = now - stretch.since
        if duration >= Limits.failingMilliseconds, stretch.sightings >= Limits.failingSightings {
            return .disable(.failing)
        }
        let days = Limits.failingWarningDays.last { duration >= Int64($0) * EndpointHealth.day } ?? 0
        guard days > warnedDays else { return tells ? .fails(outcome) : .unchanged }
        warnedDays = days
        return .warn(days: days)
    }

    /// - Returns: whether the operator is to be told now: one or two failures, or a few at one moment, are no news.
    private mutating func countFailure(_ now: Int64) -> Bool {
        if failures == 0 { failingFrom = now }
        failures += 1
        guard !isTold, failures >= Limits.failuresTold,
            failures >= Limits.breakerFailuresInARow || now - failingFrom >= Limits.failuresToldMilliseconds
        else { return false }
        isTold = true
        return true
    }
}
