package import Scheduling
package import WebhookModel

/// What makes HTTP attempts: libcurl in production, a script or a simulated network in tests.
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
    /// No pooled connection: libcurl repeats requests on pooled connections that turn out dead, and after the last
    /// attempt nothing must be in doubt.
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

/// What came of an attempt.
package struct AttemptEnd {
    package var delivery: DueDelivery
    package var startedAt: Int64
    package var outcome: Outcome
    /// 0 where no answer came.
    package var status: UInt16 = 0
    package var retryAfter: RetryAfter?
    package var phases = AttemptPhases()
    package var reusedConnection = false
    /// Connections that were opened for it.
    package var newConnections = 0
    package var address = ""
    package var excerpt: [UInt8] = []
    package var headers: [UInt8] = []
    /// Times that libcurl sent the request again by itself: each may be a duplicate at the receiver.
    package var repeats = 0
    /// Times that it was begun again on a fresh connection, because an answer lay in the pooled one before anything was
    /// asked.
    package var staleConnections = 0

    package init(delivery: DueDelivery, startedAt: Int64, outcome: Outcome) {
        self.delivery = delivery
        self.startedAt = startedAt
        self.outcome = outcome
    }

    /// No connection came about: another address of the name may do better.
    var neverConnected: Bool {
        switch outcome {
        case .connectFailed, .connectRefused, .connectTimedOut, .hostUnreachable: true
        default: false
        }
    }
}
