/// A retry schedule by rule: each delay is the one before times a factor, up to a cap.
///
/// The standard rule's attempts, without jitter, counted from the first:
///
/// | attempt | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
/// |---|---|---|---|---|---|---|---|---|---|
/// | at | 0 | 5 s | 15 s | 35 s | 1 min 15 s | 2 min 35 s | 5 min 15 s | 10 min 35 s | 21 min 15 s |
public struct RetryRule: Sendable, Equatable {
    /// The number of attempts, including the first.
    public var maxAttempts: Int
    /// The first delay, in milliseconds.
    public var backoff: Double
    public var factor: Double
    /// The longest delay, in milliseconds.
    public var cap: Int64

    public init(
        maxAttempts: Int = RetryPolicy.standard.attempts, backoff: Double = 5_000, factor: Double = 2,
        cap: Int64 = Limits.retryAfterMilliseconds / 2
    ) {
        self.maxAttempts = maxAttempts
        self.backoff = backoff
        self.factor = factor
        self.cap = cap
    }

    /// Delay n is backoff × factorⁿ⁻¹, at most the cap, in whole milliseconds. There is one delay fewer than there are
    /// attempts.
    public var delays: [Int64] {
        var delay = backoff
        return (1..<max(1, min(maxAttempts, Limits.attempts))).map { _ in
            // Limited at each step: a hundred tenfold steps would overflow Int64.
            defer { delay = min(delay * factor, Double(Limits.retryDelayMilliseconds)) }
            return min(Int64(delay.rounded()), cap)
        }
    }
}
