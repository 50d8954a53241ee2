import Threading
import WebhookModel

/// The token bucket of a key, shared by all its connections. Locked once per batch.
public final class RateBucket: Sendable {
    private let bucket: Locked<TokenBucket>

    init(_ rate: Rate, now: Int64) { bucket = Locked(TokenBucket(rate, now: now)) }

    func take(_ count: Int, now: Int64) -> TokenBucket.Grant { bucket.withLock { $0.take(count, now: now) } }

    func adopt(_ rate: Rate) {
        bucket.withLock { if $0.rate != rate { $0.adopt(rate) } }
    }
}

/// The buckets of all keys that have a rate, by name. They outlive connections: a client that reconnects gets the bucket as
/// it left it.
public final class KeyRates: Sendable {
    private let buckets = Locked<[String: RateBucket]>([:])

    public init() {}

    /// The bucket of the key; nil: it has no rate.
    func bucket(of key: APIKey) -> RateBucket? {
        guard let rate = key.settings.rate else { return nil }
        return buckets.withLock { buckets in
            if let present = buckets[key.name] {
                present.adopt(rate)
                return present
            }
            // A new bucket is full, so the time before its first use does not matter.
            let fresh = RateBucket(rate, now: 0)
            buckets[key.name] = fresh
            return fresh
        }
    }

    /// Removes the buckets of keys that are gone, so that their number is bounded by that of the keys.
    func remove(where isGone: (String) -> Bool) {
        buckets.withLock { buckets in buckets = buckets.filter { !isGone($0.key) } }
    }

    /// The number of buckets.
    package var count: Int { buckets.withLock(\.count) }
}
