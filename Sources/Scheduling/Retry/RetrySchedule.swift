public import WebhookModel

/// What follows an attempt: the retry policy as a pure function.
public enum RetrySchedule {
    /// The decision after an attempt.
    public enum Next: Equatable, Sendable {
        case delivered
        /// Try again at this time, Unix milliseconds.
        case again(at: Int64)
        case deadLetter
    }

    /// Decides what follows.
    ///
    /// The default policy's due times, without jitter, counted from the end of the attempt before:
    ///
    /// | after attempt | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
    /// |---|---|---|---|---|---|---|---|---|---|
    /// | wait | 5 s | 30 s | 2 min | 10 min | 1 h | 3 h | 8 h | 12 h | dead letter |
    ///
    /// - Parameters:
    ///   - attempt: the place in its round of the attempt that ended, from 1.
    ///   - retryAfter: milliseconds that the endpoint asked for; 0: none. Never before it, and clamped to a day.
    ///   - now: Unix milliseconds.
    public static func next(
        outcome: Outcome, attempt: Int, policy: RetryPolicy, retryAfter: Int64, now: Int64,
        random: inout some RandomNumberGenerator
    ) -> Next {
        if outcome.isDelivered { return .delivered }
        guard attempt < policy.attempts else { return .deadLetter }
        let asked = min(max(retryAfter, 0), Limits.retryAfterMilliseconds)
        // At least a millisecond on: a retry never sorts before what the queue has scanned already.
        return .again(at: now + max(delay(afterAttempt: attempt, policy: policy, random: &random), asked, 1))
    }

    /// The policy's delay after an attempt, jitter included, milliseconds.
    public static func delay(
        afterAttempt attempt: Int, policy: RetryPolicy, random: inout some RandomNumberGenerator
    ) -> Int64 {
        let delay = policy.delays[min(attempt, policy.delays.count) - 1]
        let spread = delay / 100 * Int64(policy.jitterPercent)
        guard spread > 0 else { return delay }
        return delay + Int64.random(in: -spread...spread, using: &random)
    }
}
