import WebhookModel

/// The token buckets of endpoints and tenants that have a rate, and who waits for a tenant's. Times are the queue's, Unix milliseconds.
///
/// A hand-over takes a token of its endpoint's bucket and one of its tenant's. An empty bucket pauses its owner until there is a
/// handful again, so that a fast rate does not wake the writer for every single one.
struct DispatchRates {
    private struct TenantRate {
        var bucket: TokenBucket
        /// Nothing of the tenant is handed over before this time.
        var pausedUntil = Int64.min
        /// Its endpoints that want a refill, in the order in which they asked.
        var waiting: [EndpointNumber] = []
    }

    private var endpoints: [EndpointNumber: TokenBucket] = [:]
    private var tenants: [TenantNumber: TenantRate] = [:]

    // MARK: Who has one

    /// Follows a tenant's settings; its endpoints must be put after it.
    ///
    /// - Returns: endpoints that waited for a rate that is no more.
    mutating func put(_ tenant: Tenant) -> [EndpointNumber] {
        guard let rate = tenant.settings.rate else { return tenants.removeValue(forKey: tenant.number)?.waiting ?? [] }
        tenants[tenant.number, default: TenantRate(bucket: TokenBucket(rate, now: 0))].bucket.adopt(rate)
        return []
    }

    /// Follows an endpoint's settings.
    ///
    /// - Returns: attempts a second that it may have; nil: neither it nor its tenant has a rate.
    mutating func put(_ endpoint: Endpoint) -> Int? {
        if let rate = endpoint.settings.rate {
            endpoints[endpoint.number, default: TokenBucket(rate, now: 0)].adopt(rate)
        } else {
            endpoints[endpoint.number] = nil
        }
        let rates = [endpoint.settings.rate?.perSecond, tenants[endpoint.tenant]?.bucket.rate.perSecond]
        return rates.compactMap(\.self).min()
    }

    mutating func remove(_ endpoint: EndpointNumber) { endpoints[endpoint] = nil }

    // MARK: Tokens

    /// How many may be handed over now.
    func available(_ endpoint: Endpoint, now: Int64) -> Int {
        let own = endpoints[endpoint.number]?.available(now: nanoseconds(now)) ?? .max
        guard let tenant = tenants[endpoint.tenant] else { return own }
        return tenant.pausedUntil > .min ? 0 : min(own, tenant.bucket.available(now: nanoseconds(now)))
    }

    /// What a spent token leads to.
    struct Spent {
        /// The endpoint's last one: it pauses until this time.
        var endpointPause: Int64?
        /// The tenant's last one.
        var tenantPause: Int64?
    }

    /// Takes a token from both. There must be one.
    mutating func spend(_ endpoint: Endpoint, now: Int64) -> Spent {
        var spent = Spent()
        if var bucket = endpoints[endpoint.number] {
            spent.endpointPause = take(from: &bucket, now: now)
            endpoints[endpoint.number] = bucket
        }
        if var tenant = tenants[endpoint.tenant] {
            spent.tenantPause = take(from: &tenant.bucket, now: now)
            if let pause = spent.tenantPause { tenant.pausedUntil = pause }
            tenants[endpoint.tenant] = tenant
        }
        return spent
    }

    /// Puts back what `spend` took: the delivery was not sent.
    mutating func giveBack(_ endpoint: Endpoint, now: Int64) {
        let time = nanoseconds(now)
        endpoints[endpoint.number]?.giveBack(now: time)
        tenants[endpoint.tenant]?.bucket.giveBack(now: time)
    }

    /// Sets an endpoint aside until its tenant has tokens. False: it has some, or needs none.
    mutating func wait(for endpoint: Endpoint) -> Bool {
        guard let tenant = tenants[endpoint.tenant], tenant.pausedUntil > .min else { return false }
        tenants[endpoint.tenant]!.waiting.append(endpoint.number)
        return true
    }

    /// A tenant's pause is over. Returns the endpoints that waited for it.
    mutating func open(_ tenant: TenantNumber, pausedUntil: Int64) -> [EndpointNumber] {
        guard var rate = tenants[tenant], rate.pausedUntil == pausedUntil else { return [] }
        let waiting = rate.waiting
        rate.waiting = []
        rate.pausedUntil = .min
        tenants[tenant] = rate
        return waiting
    }

    /// Milliseconds' worth of tokens that a pause waits for, where half a burst holds so many: more would overflow meanwhile.
    private static let handfulMilliseconds = 5

    /// Takes one; says until when there is no handful, if that was the last.
    private func take(from bucket: inout TokenBucket, now: Int64) -> Int64? {
        _ = bucket.take(1, now: nanoseconds(now))
        guard bucket.available(now: nanoseconds(now)) == 0 else { return nil }
        let handful = min(bucket.rate.burst / 2, bucket.rate.perSecond * DispatchRates.handfulMilliseconds / 1_000)
        return now + (bucket.wait(for: max(1, handful), now: nanoseconds(now)) + 999_999) / 1_000_000
    }

    private func nanoseconds(_ milliseconds: Int64) -> Int64 { milliseconds * 1_000_000 }
}
