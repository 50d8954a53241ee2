import NIOConcurrencyHelpers
import WebhookModel

/// A key's bucket, shared by its connections on all loops. One lock for a batch.
final class RateBucket: Sendable {
    private let bucket: NIOLockedValueBox<TokenBucket>

    init(_ rate: Rate, now: Int64) { bucket = NIOLockedValueBox(TokenBucket(rate, now: now)) }

    func take(_ count: Int, now: Int64) -> TokenBucket.Grant { bucket.withLockedValue { $0.take(count, now: now) } }

    func adopt(_ rate: Rate) {
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
