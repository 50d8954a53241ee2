import NIOConcurrencyHelpers
package import WebhookModel

/// Events that a rate lets through: a full bucket at first, then so many a second, never more than the burst at once.
package struct TokenBucket: Sendable {
    /// What was asked for and how much of it may pass.
    package struct Grant: Equatable {
        package var events: Int
        /// Milliseconds until what was left out would pass, or a whole burst of it; 0 where nothing was left out.
        package var retryAfter: UInt32

        package init(events: Int, retryAfter: UInt32) {
            self.events = events
            self.retryAfter = retryAfter
        }
    }

    private(set) var rate: APIKey.Rate
    private var tokens: Double
    /// When `tokens` was true, monotonic nanoseconds.
    private var filledAt: Int64

    package init(_ rate: APIKey.Rate, now: Int64) {
        self.rate = rate
        tokens = Double(rate.burst)
        filledAt = now
    }

    /// Takes as many of `count` as there are.
    ///
    /// - Parameter now: monotonic nanoseconds. Loops read their clocks apart: an earlier time than the latest adds nothing.
    package mutating func take(_ count: Int, now: Int64) -> Grant {
        let elapsed = max(0, now - filledAt)
        filledAt = max(filledAt, now)
        tokens = min(Double(rate.burst), tokens + Double(elapsed) * Double(rate.eventsPerSecond) / 1e9)
        let granted = min(count, Int(tokens))
        tokens -= Double(granted)
        let left = min(count - granted, rate.burst)
        guard left > 0 else { return Grant(events: granted, retryAfter: 0) }
        let wait = (Double(left) - tokens) / Double(rate.eventsPerSecond) * 1_000
        return Grant(events: granted, retryAfter: UInt32(clamping: Int64(max(1, wait.rounded(.up)))))
    }

    /// Goes on under another rate with what is in it.
    package mutating func adopt(_ rate: APIKey.Rate) {
        self.rate = rate
        tokens = min(tokens, Double(rate.burst))
    }
}

/// A key's bucket, shared by its connections on all loops. One lock for a batch.
final class RateBucket: Sendable {
    private let bucket: NIOLockedValueBox<TokenBucket>

    init(_ rate: APIKey.Rate, now: Int64) { bucket = NIOLockedValueBox(TokenBucket(rate, now: now)) }

    func take(_ count: Int, now: Int64) -> TokenBucket.Grant { bucket.withLockedValue { $0.take(count, now: now) } }

    func adopt(_ rate: APIKey.Rate) {
        bucket.withLockedValue { if $0.rate != rate { $0.adopt(rate) } }
    }
}

/// The buckets of all keys that have a rate, by name. They outlive connections: who reconnects finds what it left.
final class KeyRates: Sendable {
    private let buckets = NIOLockedValueBox<[String: RateBucket]>([:])

    /// Nil: the key has no rate.
    func bucket(of key: APIKey) -> RateBucket? {
        guard let rate = key.settings.rate else { return nil }
        return buckets.withLockedValue { buckets in
            if let present = buckets[key.name] {
                present.adopt(rate)
                return present
            }
            // A full bucket has no use for the time before its first use.
            let fresh = RateBucket(rate, now: 0)
            buckets[key.name] = fresh
            return fresh
        }
    }
}
