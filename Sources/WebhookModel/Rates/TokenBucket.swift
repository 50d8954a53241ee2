/// A token bucket: full at first, then filled at the rate, never above the burst.
///
/// Exact over any time: it counts in billionths of a token, so a nanosecond at a whole rate per second adds a whole
/// number. Time comes from any clock in nanoseconds that all its users share; a time before the latest adds nothing.
package struct TokenBucket: Sendable {
    /// How many of the requested tokens were granted.
    package struct Grant: Equatable {
        package var events: Int
        /// Milliseconds until the refused tokens would be available, or a whole burst of them; 0: nothing was refused.
        package var retryAfter: UInt32

        package init(events: Int, retryAfter: UInt32) {
            self.events = events
            self.retryAfter = retryAfter
        }
    }

    package private(set) var rate: Rate
    /// Negative: that many tokens are borrowed.
    private var level: Int64
    /// The time at which `level` was computed.
    private var filledAt: Int64

    private static let token: Int64 = 1_000_000_000

    package init(_ rate: Rate, now: Int64) {
        self.rate = rate
        level = Int64(rate.burst) * TokenBucket.token
        filledAt = now
    }

    /// Whole tokens available at this time.
    package func available(now: Int64) -> Int { Int(max(0, level(at: now)) / TokenBucket.token) }

    /// Takes up to `count` tokens.
    package mutating func take(_ count: Int, now: Int64) -> Grant {
        fill(now)
        let granted = min(count, Int(max(0, level) / TokenBucket.token))
        level -= Int64(granted) * TokenBucket.token
        let left = min(count - granted, rate.burst)
        guard left > 0 else { return Grant(events: granted, retryAfter: 0) }
        let milliseconds = (wait(for: left, now: now) + 999_999) / 1_000_000
        return Grant(events: granted, retryAfter: UInt32(clamping: max(1, milliseconds)))
    }

    /// Returns a token that was taken and not used.
    package mutating func giveBack(now: Int64) {
        fill(now)
        level = min(level + TokenBucket.token, capacity)
    }

    /// Takes a token that may become available only later.
    ///
    /// - Parameter longest: nothing is borrowed beyond this wait.
    /// - Returns: nanoseconds until the token is available; `longest` if that would be later.
    package mutating func borrow(now: Int64, longest: Int64) -> Int64 {
        fill(now)
        let wait = wait(for: 1, now: now)
        guard wait < longest else { return longest }
        level -= TokenBucket.token
        return wait
    }

    /// Nanoseconds until this number of tokens is available, at most a burst; 0: they are available.
    package func wait(for tokens: Int, now: Int64) -> Int64 {
        let missing = Int64(min(tokens, rate.burst)) * TokenBucket.token - level(at: now)
        return missing > 0 ? (missing + Int64(rate.perSecond) - 1) / Int64(rate.perSecond) : 0
    }

    /// Continues under another rate with the current level.
    package mutating func adopt(_ rate: Rate) {
        self.rate = rate
        level = min(level, capacity)
    }

    private var capacity: Int64 { Int64(rate.burst) * TokenBucket.token }

    private mutating func fill(_ now: Int64) {
        level = level(at: now)
        filledAt = max(filledAt, now)
    }

    private func level(at now: Int64) -> Int64 {
        guard now > filledAt else { return level }
        let (come, isOver) = (now - filledAt).multipliedReportingOverflow(by: Int64(rate.perSecond))
        return isOver || come >= capacity - level ? capacity : level + come
    }
}
