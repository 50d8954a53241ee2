package import Scheduling

/// Makes HTTP attempts: over sockets in production, from a script or a simulated network in tests.
package protocol DeliveryTransport {
    /// Begins an attempt. Its end comes from `collect`, later or at the next call, never from here.
    func begin(_ order: AttemptOrder)

    /// Hands over the attempts that ended since the last call. `ended` is empty before.
    func collect(into ended: inout [AttemptEnd])
}

/// One attempt to make.
package struct AttemptOrder {
    package let delivery: DueDelivery
    package let target: EndpointTarget
    package let route: Route
    /// Unix milliseconds: the report's start, and in seconds the signature's time.
    package let startedAt: Int64
    /// Whether the attempt needs a connection of its own. A request on a pooled connection that turns out dead is sent
    /// again, so it may arrive twice; after the last attempt nothing may be in doubt.
    package let freshConnection: Bool

    package init(
        delivery: DueDelivery, target: EndpointTarget, route: Route, startedAt: Int64, freshConnection: Bool
    ) {
        self.delivery = delivery
        self.target = target
        self.route = route
        self.startedAt = startedAt
        self.freshConnection = freshConnection
    }
}
