package import WebhookModel

/// A token bucket in front of the hand-over of an endpoint, or of all endpoints of a tenant. Times are the queue's, Unix milliseconds.
///
/// An empty bucket is not looked at again before several tokens are there, so that a fast rate does not wake the writer for each one.
package struct RateGate {
    private var bucket: TokenBucket
    /// The bucket is empty: it is closed until this time.
    package private(set) var closedUntil = Int64.min

    package init(_ rate: Rate) { bucket = TokenBucket(rate, now: 0) }

    package var rate: Rate { bucket.rate }
    package var isClosed: Bool { closedUntil > .min }

    /// Goes on under another rate with the tokens that are present.
    package mutating func adopt(_ rate: Rate) { bucket.adopt(rate) }

    /// How many deliveries may be handed over now.
    package func available(now: Int64) -> Int { isClosed ? 0 : bucket.available(now: RateGate.nanoseconds(now)) }

    /// Takes a token; there must be one.
    ///
    /// - Returns: until when the gate is closed, if this was the last token.
    package mutating func take(now: Int64) -> Int64? {
        let time = RateGate.nanoseconds(now)
        _ = bucket.take(1, now: time)
        guard bucket.available(now: time) == 0 else { return nil }
        // Half of a small burst at most: with more, tokens would overflow meanwhile.
        let wanted = min(bucket.rate.burst / 2, bucket.rate.perSecond * Limits.rateReopenMilliseconds / 1_000)
        closedUntil = now + (bucket.wait(for: max(1, wanted), now: time) + 999_999) / 1_000_000
        return closedUntil
    }

    /// Puts a token back that was taken for a delivery which was not sent. A closed gate opens.
    package mutating func giveBack(now: Int64) {
        bucket.giveBack(now: RateGate.nanoseconds(now))
        closedUntil = .min
    }

    /// Opens the gate if it is closed until exactly this time: a later closing has an entry of its own.
    ///
    /// - Returns: whether it was closed until then.
    package mutating func open(closedUntil time: Int64) -> Bool {
        guard closedUntil == time else { return false }
        closedUntil = .min
        return true
    }

    private static func nanoseconds(_ milliseconds: Int64) -> Int64 { milliseconds * 1_000_000 }
}
