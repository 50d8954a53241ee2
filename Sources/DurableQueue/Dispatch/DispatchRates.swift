import WebhookModel

/// The token buckets of endpoints and tenants that have a rate, and who waits for a tenant's. Times are the queue's, Unix milliseconds.
///
/// A hand-over takes a token of its endpoint's bucket and one of its tenant's. An empty bucket is left alone until there is a handful
/// again, so that a fast rate does not wake the writer for every single one.
struct DispatchRates {
    private struct Limited {
        var bucket: TokenBucket
        /// The bucket is empty: it is not looked at before this time.
        var pausedUntil = Int64.min
        /// Of a tenant: its endpoints that want a refill, in the order in which they asked.
        var waiting: [EndpointNumber] = []

        var isSpent: Bool { pausedUntil > .min }

        func available(_ time: Int64) -> Int { isSpent ? 0 : bucket.available(now: time) }

        /// Ends the pause. Returns who waited for it.
        mutating func open() -> [EndpointNumber] {
            pausedUntil = .min
            defer { waiting = [] }
            return waiting
        }
    }

    private var endpoints: [EndpointNumber: Limited] = [:]
    private var tenants: [TenantNumber: Limited] = [:]

    // MARK: Who has one

    /// Follows a tenant's settings; its endpoints must be put after it.
    ///
    /// - Returns: endpoints that waited for a rate that is no more.
    mutating func put(_ tenant: Tenant) -> [EndpointNumber] {
        guard let rate = tenant.settings.rate else { return tenants.removeValue(forKey: tenant.number)?.waiting ?? [] }
        tenants[tenant.number, default: Limited(bucket: TokenBucket(rate, now: 0))].bucket.adopt(rate)
        return []
    }

    /// Follows an endpoint's settings.
    ///
    /// - Returns: attempts a second that it may have; nil: neither it nor its tenant has a rate.
    mutating func put(_ endpoint: Endpoint) -> Int? {
        if let rate = endpoint.settings.rate {
            endpoints[endpoint.number, default: Limited(bucket: TokenBucket(rate, now: 0))].bucket.adopt(rate)
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
        let time = DispatchRates.nanoseconds(now)
        return min(
            endpoints[endpoint.number]?.available(time) ?? .max, tenants[endpoint.tenant]?.available(time) ?? .max)
    }

    /// Whether an endpoint's own bucket is empty: the end of its pause asks for the refill.
    func isSpent(_ endpoint: EndpointNumber) -> Bool { endpoints[endpoint]?.isSpent ?? false }

    /// Until when the buckets that a hand-over emptied are left alone.
    struct Spent {
        var endpointPause: Int64?
        var tenantPause: Int64?
    }

    /// Takes a token from both. There must be one.
    mutating func spend(_ endpoint: Endpoint, now: Int64) -> Spent {
        Spent(
            endpointPause: DispatchRates.take(from: &endpoints[endpoint.number], now),
            tenantPause: DispatchRates.take(from: &tenants[endpoint.tenant], now))
    }

    /// Puts back what `spend` took: the delivery was not sent. A bucket that was empty is open again.
    ///
    /// - Returns: endpoints that waited for the tenant's.
    mutating func giveBack(_ endpoint: Endpoint, now: Int64) -> [EndpointNumber] {
        _ = DispatchRates.giveBack(to: &endpoints[endpoint.number], now)
        return DispatchRates.giveBack(to: &tenants[endpoint.tenant], now)
    }

    // MARK: Waiting

    /// Sets an endpoint aside until its tenant has tokens. False: it has some, or needs none.
    mutating func wait(for endpoint: Endpoint) -> Bool {
        guard let tenant = tenants[endpoint.tenant], tenant.isSpent else { return false }
        tenants[endpoint.tenant]!.waiting.append(endpoint.number)
        return true
    }

    /// A tenant's pause is over. Returns the endpoints that waited for it; none where it was over before.
    mutating func open(_ tenant: TenantNumber, pausedUntil: Int64) -> [EndpointNumber] {
        guard tenants[tenant]?.pausedUntil == pausedUntil else { return [] }
        return tenants[tenant]!.open()
    }

    /// An endpoint's pause is over. False: it was over before.
    mutating func open(_ endpoint: EndpointNumber, pausedUntil: Int64) -> Bool {
        guard endpoints[endpoint]?.pausedUntil == pausedUntil else { return false }
        _ = endpoints[endpoint]!.open()
        return true
    }

    // MARK: One bucket

    /// Milliseconds' worth of tokens that a pause waits for, where half a burst holds so many: more would overflow meanwhile.
    private static let handfulMilliseconds = 5

    /// Takes one; says until when there is no handful, if that was the last.
    private static func take(from limited: inout Limited?, _ now: Int64) -> Int64? {
        guard limited != nil else { return nil }
        let time = nanoseconds(now)
        _ = limited!.bucket.take(1, now: time)
        let bucket = limited!.bucket
        guard bucket.available(now: time) == 0 else { return nil }
        let handful = min(bucket.rate.burst / 2, bucket.rate.perSecond * handfulMilliseconds / 1_000)
        limited!.pausedUntil = now + (bucket.wait(for: max(1, handful), now: time) + 999_999) / 1_000_000
        return limited!.pausedUntil
    }

    private static func giveBack(to limited: inout Limited?, _ now: Int64) -> [EndpointNumber] {
        guard limited != nil else { return [] }
        limited!.bucket.giveBack(now: nanoseconds(now))
        return limited!.isSpent ? limited!.open() : []
    }

    private static func nanoseconds(_ milliseconds: Int64) -> Int64 { milliseconds * 1_000_000 }
}
