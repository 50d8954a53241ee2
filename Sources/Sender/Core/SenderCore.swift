package import Scheduling
import Settings
package import WebhookModel

/// All decisions of a sender: which delivery is next, where it goes, and what its result means. No clocks, no threads,
/// no sockets.
///
/// The shell calls `take`, `learn`, `start` and `finish` with its one reading of the clocks, then sends `lookups` to
/// the resolver, `reports` and `returns` to the queue, and empties them.
package struct SenderCore<Transport: DeliveryTransport, Random: RandomNumberGenerator> {
    package let transport: Transport
    private let addressGuard: AddressGuard
    private let allowHTTP: Bool
    private let proxy: EgressProxy?
    private var scheduler: DeliveryScheduler
    private var targets: [EndpointNumber: EndpointTarget] = [:]
    private var names = NameCache()
    private var ended: [AttemptEnd] = []
    private var random: Random
    private var shortage: Shortage?

    /// Reports of attempts that ended, for the queue.
    package var reports: [AttemptReport] = []
    /// Deliveries whose endpoint is held for a long time: the queue keeps them meanwhile.
    package var returns: [ReturnedDelivery] = []
    /// Names to look up, each for a tenant.
    package var lookups: [NameLookup] = []
    package private(set) var tally = SenderTally()
    /// `start` ended at its limit: the turn must be followed by another at once.
    package private(set) var mayBeginMore = false

    package init(
        transport: Transport, configuration: SenderConfiguration,
        random: Random = SystemRandomNumberGenerator()
    ) {
        self.transport = transport
        self.random = random
        addressGuard = configuration.addressGuard
        allowHTTP = configuration.allowHTTP
        proxy = configuration.proxy
        scheduler = DeliveryScheduler(
            transfers: configuration.transfers, breakerOpen: configuration.breakerOpenMilliseconds * 1_000_000)
    }

    /// Attempts in flight.
    package var inFlight: Int { scheduler.inFlight }

    /// Takes deliveries that the queue handed over.
    ///
    /// - Parameter now: monotonic nanoseconds.
    package mutating func take(_ deliveries: [DueDelivery], now: Int64) {
        for delivery in deliveries {
            scheduler.enqueue(delivery)
            giveBack(delivery.endpoint.number, now)
        }
    }

    /// Takes the resolver's answer.
    package mutating func learn(_ host: String, _ answer: NameAnswer, now: Int64) {
        for endpoint in names.learn(host, answer, now: now) { scheduler.resume(endpoint) }
    }

    /// Begins attempts that may begin now, `Limits.attemptsPerTurn` at most: see `mayBeginMore`.
    ///
    /// - Parameters:
    ///   - now: monotonic nanoseconds.
    ///   - wall: Unix milliseconds.
    package mutating func start(now: Int64, wall: Int64) {
        while case let waited = names.expire(now: now), !waited.isEmpty {
            for endpoint in waited { scheduler.resume(endpoint) }
        }
        var begun = 0
        while begun < Limits.attemptsPerTurn, let delivery = scheduler.next(now: now) {
            attempt(delivery, now, wall)
            begun += 1
        }
        mayBeginMore = begun == Limits.attemptsPerTurn
        while let endpoint = scheduler.dropIdleLane(now: now) { targets[endpoint] = nil }
    }

    /// Makes reports of the attempts that ended.
    ///
    /// - Returns: whether there were any, so that more may begin.
    @discardableResult
    package mutating func finish(now: Int64, wall: Int64) -> Bool {
        transport.collect(into: &ended)
        guard !ended.isEmpty else { return false }
        for end in ended { finish(end, now, wall) }
        ended.removeAll(keepingCapacity: true)
        return true
    }

    /// When `start` must be called at the latest, monotonic nanoseconds; nil: only after the next event.
    package var nextTime: Int64? {
        [scheduler.nextRelease, names.nextDeadline].compactMap(\.self).min()
    }

    /// Updates the gauges of `tally`.
    package mutating func measure() {
        tally.queued = scheduler.queued
        tally.inFlight = scheduler.inFlight
        tally.lanes = scheduler.laneCount
    }
}

extension SenderCore {
    private enum RouteChoice {
        case open(Route)
        case wait
        /// No attempt before the time (monotonic nanoseconds): the machine cannot make one, or nobody knows yet why the name
        /// has no answer (nil).
        case lacking(Shortage?, until: Int64)
        /// The attempt fails; nil: the next one may begin at once.
        case closed(Outcome, until: Int64?)

        /// What follows from a look-up that failed.
        static func after(_ failure: NameFailure, _ until: Int64, as outcome: Outcome? = nil) -> RouteChoice {
            guard let own = failure.outcome else { return .lacking(failure.shortage, until: until) }
            return .closed(outcome ?? own, until: until)
        }
    }

    private mutating func attempt(_ delivery: DueDelivery, _ now: Int64, _ wall: Int64) {
        guard !delivery.endpoint.isRetired else { return withdraw(delivery, now) }
        guard let target = target(of: delivery.endpoint) else {
            return finish(AttemptEnd(delivery: delivery, startedAt: wall, outcome: .endpointUnusable), now, wall)
        }
        switch chooseRoute(to: target, now) {
        case .open(let route):
            transport.begin(
                AttemptOrder(
                    delivery: delivery, target: target, route: route, startedAt: wall,
                    freshConnection: delivery.isLastAttempt))
        case .wait:
            scheduler.putBack(delivery)
            scheduler.suspend(target.endpoint.number)
        case .lacking(let shortage, let until):
            tally.shortages += 1
            if let shortage { self.shortage = shortage }
            scheduler.putBack(delivery, notBefore: until)
            giveBack(target.endpoint.number, now)
        case .closed(let outcome, let until):
            // One look-up says one thing about the endpoint, however many deliveries wait: it costs one attempt.
            if let until { scheduler.hold(target.endpoint.number, at: target.endpoint.destination, until: until) }
            finish(AttemptEnd(delivery: delivery, startedAt: wall, outcome: outcome), now, wall)
        }
    }

    /// Gives a delivery back whose endpoint was changed, paused, disabled or removed since it was handed over.
    private mutating func withdraw(_ delivery: DueDelivery, _ now: Int64) {
        scheduler.withdraw(delivery, now: now)
        returns.append(ReturnedDelivery(delivery, pause: 0))
    }

    /// The prepared endpoint; nil if its settings cannot be used.
    private mutating func target(of endpoint: Endpoint) -> EndpointTarget? {
        if let target = targets[endpoint.number], target.endpoint === endpoint { return target }
        let target = try? EndpointTarget(endpoint, allowHTTP: allowHTTP, proxy: proxy)
        targets[endpoint.number] = target
        return target
    }

    private mutating func chooseRoute(to target: EndpointTarget, _ now: Int64) -> RouteChoice {
        if let route = target.route, target.routeFreshUntil > now { return .open(route) }
        switch look(up: target.url.host, target.url.address, for: target, now) {
        case .failed(let failure, let until): return .after(failure, until)
        case .pending: return .wait
        case .found(let addresses, let freshUntil):
            guard let proxy = target.proxy else { return route(target, addresses, [nil], freshUntil: freshUntil) }
            // The destination is checked all the same: a proxy in the operator's network reaches what we must not.
            switch look(up: proxy.host, IPAddress(proxy.host), for: target, now) {
            case .failed(let failure, let until): return .after(failure, until, as: .proxyFailed)
            case .pending: return .wait
            case .found(let hops, let hopFreshUntil):
                let vetted = hops.filter { addressGuard.allowsProxy($0, port: proxy.port) }.interleaved()
                guard !vetted.isEmpty else { return .closed(.proxyFailed, until: nil) }
                return route(
                    target, addresses, vetted.map { Route.Hop(address: $0, port: proxy.port) },
                    freshUntil: min(freshUntil, hopFreshUntil))
            }
        }
    }

    /// The addresses of a host; an address needs no look-up.
    private mutating func look(
        up host: String, _ number: IPAddress?, for target: EndpointTarget, _ now: Int64
    ) -> NameCache.Finding {
        if let number { return .found([number], freshUntil: .max) }
        let (finding, ask) = names.find(
            host, for: target.endpoint.number, patience: target.endpoint.settings.timeout * 1_000_000, now: now)
        if ask {
            lookups.append(NameLookup(host: host, tenant: target.endpoint.tenant))
            tally.lookups += 1
        }
        return finding
    }

    /// The route by those of the addresses that are allowed, each through one of the proxies.
    ///
    /// - Parameter hops: not empty; nil in it: no proxy.
    private func route(
        _ target: EndpointTarget, _ addresses: [IPAddress], _ hops: [Route.Hop?], freshUntil: Int64
    ) -> RouteChoice {
        let port = target.url.port
        let vetted = addresses.filter { addressGuard.allows($0, port: port, under: target.rules) }.interleaved()
        guard !vetted.isEmpty else { return .closed(.addressForbidden, until: nil) }
        target.routeFreshUntil = freshUntil
        // With several of both, each step changes both: either may be what does not work.
        let ways = vetted.indices.lazy.flatMap { shift in
            hops.indices.lazy.map { (vetted[($0 + shift) % vetted.count], hops[$0]) }
        }
        let some = Array(ways.prefix(Limits.addressesPerAttempt)).map { (address: $0.0, proxy: $0.1) }
        if let route = target.route, route.leads(some) { return .open(route) }
        let route = Route.along(some, to: target)
        target.route = route
        return .open(route)
    }

    /// The latest shortage, once.
    package mutating func takeShortage() -> Shortage? {
        defer { shortage = nil }
        return shortage
    }

    private mutating func finish(_ end: AttemptEnd, _ now: Int64, _ wall: Int64) {
        if let unsent = end.unsent {
            tally.shortages += 1
            tally.possibleRepeats += UInt64(end.repeats)
            tally.staleConnections += UInt64(end.staleConnections)
            shortage = unsent.shortage
            return scheduler.putBack(unsent.delivery, notBefore: unsent.until)
        }
        var report = end.report
        let endpoint = report.delivery.endpoint
        if let retryAfter = end.retryAfter {
            report.retryAfter = retryAfter.milliseconds(now: wall)
            if report.retryAfter > 0 {
                scheduler.hold(endpoint, at: report.destination, until: now + report.retryAfter * 1_000_000)
            }
        }
        // A name may resolve to another address next time; an address stays what it is.
        if report.outcome == .addressForbidden, targets[endpoint]?.url.address != nil { report.isHopeless = true }
        let change = scheduler.finished(
            endpoint, at: report.destination, isSuccess: report.outcome.isDelivered, now: now, random: &random)
        reports.append(report)
        count(end)
        if case .opened = change { tally.breakersOpened += 1 }
        giveBack(endpoint, now)
    }

    private mutating func giveBack(_ endpoint: EndpointNumber, _ now: Int64) {
        guard let (deliveries, until) = scheduler.giveBack(endpoint, now: now) else { return }
        for delivery in deliveries { returns.append(ReturnedDelivery(delivery, pause: (until - now) / 1_000_000)) }
    }

    private mutating func count(_ end: AttemptEnd) {
        tally.add(end.report.outcome)
        tally.possibleRepeats += UInt64(end.repeats)
        tally.staleConnections += UInt64(end.staleConnections)
        tally.newConnections += UInt64(end.newConnections)
        tally.fullHandshakes += UInt64(end.fullHandshakes)
        tally.resumedHandshakes += UInt64(end.resumedHandshakes)
        if end.report.reusedConnection { tally.reusedConnections += 1 }
    }
}

extension ReturnedDelivery {
    /// - Parameter pause: milliseconds.
    fileprivate init(_ delivery: DueDelivery, pause: Int64) {
        self.init(
            delivery: delivery.id, entry: delivery.entry, attempts: delivery.attempt - 1, pause: pause,
            heldBytes: delivery.heldBytes, destination: delivery.endpoint.destination)
    }
}
