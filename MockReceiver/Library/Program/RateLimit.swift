/// A token bucket per path: requests above it get 429.
public struct RateLimit: Sendable, Equatable {
    public var perSecond: Double
    /// Requests that may come at once.
    public var burst: Int
    /// nil: whole seconds until the next token.
    public var retryAfter: RetryAfter?

    public init(perSecond: Double, burst: Int, retryAfter: RetryAfter? = nil) {
        self.perSecond = perSecond
        self.burst = burst
        self.retryAfter = retryAfter
    }
}

/// The header `Retry-After` (RFC 9110 section 10.2.3), valid or not.
public enum RetryAfter: Sendable, Equatable {
    case seconds(Int)
    /// An HTTP date this number of seconds after the answer, or before it; limited to `dateSeconds`.
    case date(seconds: Int)
    /// Anything that a bad server writes: `-1`, `99999999999`, `soon`.
    case text(String)
}

extension RetryAfter {
    /// Dates from 1970 on, with years of four digits.
    static let dateSeconds = -1_000_000_000...100_000_000
}
