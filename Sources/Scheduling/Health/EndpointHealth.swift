public import WebhookModel

/// How long an endpoint has failed without one success, and what follows from it. Pure.
public enum EndpointHealth {
    /// What an attempt's end means for its endpoint.
    public enum Verdict: Sendable, Equatable {
        case unchanged
        /// The first failure after a success.
        case beganToFail
        /// A success after failures.
        case recovered
        /// It has failed for so many days: its owner is to be told.
        case warn(days: Int)
        case disable(Endpoint.Disablement.Reason)
    }

    private static let day: Int64 = 86_400_000

    /// Judges the end of an attempt.
    ///
    /// - Parameters:
    ///   - failingSince: when the first failure after the last success was seen, Unix milliseconds; nil: it works.
    ///   - warnedDays: the last warning that was given in this stretch of failures; 0: none.
    ///   - now: Unix milliseconds.
    public static func verdict(on outcome: Outcome, failingSince: Int64?, warnedDays: Int, now: Int64) -> Verdict {
        if outcome.isDelivered { return failingSince == nil ? .unchanged : .recovered }
        if outcome == .gone { return .disable(.gone) }
        guard let failingSince else { return .beganToFail }
        let failing = now - failingSince
        if failing >= Limits.failingMilliseconds { return .disable(.failing) }
        guard let days = Limits.failingWarningDays.last(where: { failing >= Int64($0) * day }), days > warnedDays else {
            return .unchanged
        }
        return .warn(days: days)
    }
}
