/// The token bucket of one path under one rule.
struct TokenBucket {
    private var tokens: Double
    private var filledAt: Int64

    /// Full at first.
    init(_ limit: RateLimit, now: Int64) {
        tokens = Double(limit.burst)
        filledAt = now
    }

    /// Takes a token. nil: there was one; else nanoseconds until the next.
    ///
    /// - Parameter now: Unix nanoseconds. A clock that was set back adds no tokens.
    mutating func take(_ limit: RateLimit, now: Int64) -> Int64? {
        let elapsed = Double(max(0, now - filledAt)) / 1e9
        tokens = min(Double(limit.burst), tokens + elapsed * limit.perSecond)
        filledAt = now
        guard tokens < 1 else {
            tokens -= 1
            return nil
        }
        return Int64(min((1 - tokens) / limit.perSecond * 1e9, 9e18))
    }
}
