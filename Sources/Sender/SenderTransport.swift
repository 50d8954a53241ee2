package import Threading
import WebhookModel

/// Makes the attempts in production.
package final class SenderTransport: DeliveryTransport {
    private let exchanges: ExchangeTransport

    /// - Parameter now: monotonic nanoseconds.
    package init(_ configuration: SenderConfiguration, poller: Poller, now: Int64) {
        self.now = now
        exchanges = ExchangeTransport(configuration, poller: poller, now: now)
    }

    /// The turn's time, monotonic nanoseconds: set by the owner at its beginning.
    package var now: Int64 {
        didSet { exchanges.now = now }
    }

    /// When there is something to do without an event.
    package var deadline: Int64? { exchanges.deadline }

    package func begin(_ order: AttemptOrder) { exchanges.begin(order) }

    package func collect(into ended: inout [AttemptEnd]) { exchanges.collect(into: &ended) }

    /// Hands an event of the poller to its connection.
    package func ready(_ token: UInt64, _ readiness: Poller.Readiness) { exchanges.ready(token, readiness) }

    package func run() { exchanges.run() }

    package func close() { exchanges.close() }
}
