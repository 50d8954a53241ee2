package import WebhookModel

/// Limits each tenant's retries to its rate: a retry over the rate is scheduled later and never dropped, so that the end of an outage is
/// not followed by a flood of attempts.
///
/// Every retry borrows a token and is delayed by the time until that token is there. `forget` gives tokens back that a failed
/// transaction borrowed.
package struct RetryRates {
    private var buckets: [TenantNumber: TokenBucket] = [:]
    private var limits: [TenantNumber: Int] = [:]
    private let serverLimit: Int
    /// Buckets as they were before this transaction; nil: full.
    private var before: [TenantNumber: TokenBucket?] = [:]

    package init(perSecond: Int) { serverLimit = perSecond }

    /// - Parameter perSecond: nil: the server's.
    package mutating func put(_ tenant: TenantNumber, perSecond: Int?) {
        limits[tenant] = perSecond
        buckets[tenant]?.adopt(Rate(perSecond: perSecond ?? serverLimit))
    }

    /// The transaction failed: what it borrowed is given back.
    package mutating func forget() {
        for (tenant, bucket) in before { buckets[tenant] = bucket }
        before.removeAll(keepingCapacity: true)
    }

    package mutating func commit() { before.removeAll(keepingCapacity: true) }

    /// Milliseconds by which a tenant's next retry is delayed, at most a day.
    ///
    /// - Parameter now: Unix milliseconds.
    package mutating func delay(of tenant: TenantNumber, now: Int64) -> Int64 {
        let present = buckets[tenant]
        if before[tenant] == nil { before[tenant] = .some(present) }
        var bucket = present ?? TokenBucket(Rate(perSecond: limits[tenant] ?? serverLimit), now: 0)
        let wait = bucket.borrow(now: now * 1_000_000, longest: Limits.retryAfterMilliseconds * 1_000_000)
        buckets[tenant] = bucket
        return (wait + 999_999) / 1_000_000
    }
}
