import DequeModule
import WebhookModel

/// Addresses that could not be reached, or that another one of the same name overtook: they are tried last for a while. No
/// clock: `now` is monotonic nanoseconds.
package struct AddressMemory {
    private static let time = Limits.addressAvoidedMilliseconds * 1_000_000

    private var avoided: [Route.Way: Int64] = [:]
    /// In the order in which they were added; those that were removed are passed over.
    private var order = Deque<Route.Way>()

    package var count: Int { avoided.count }

    package init() {}

    /// The address did not connect.
    package mutating func avoid(_ route: Route, now: Int64) {
        let way = route.way
        guard avoided.updateValue(now + AddressMemory.time, forKey: way) == nil else { return }
        order.append(way)
        while order.count > Limits.avoidedAddresses { avoided[order.removeFirst()] = nil }
    }

    /// The address connected.
    package mutating func trust(_ route: Route) {
        if !avoided.isEmpty { avoided[route.way] = nil }
    }

    /// Whether another address of the name is tried before it.
    package func avoids(_ route: Route, now: Int64) -> Bool { avoided[route.way].map { $0 > now } ?? false }

    /// The address to try first.
    package func best(of route: Route, now: Int64) -> Route {
        guard !route.others.isEmpty, !avoided.isEmpty, avoids(route, now: now) else { return route }
        return route.others.first { !avoids($0, now: now) } ?? route
    }

    /// The addresses to try after `first`, which is one of them: those that are avoided come last.
    package func rest(of route: Route, after first: Route, now: Int64) -> [Route] {
        let rest = route.all.filter { $0.way != first.way }
        return rest.filter { !avoids($0, now: now) } + rest.filter { avoids($0, now: now) }
    }
}
