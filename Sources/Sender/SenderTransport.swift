package import Threading
import WebhookModel

/// Makes the attempts in production: exchanges of our own for HTTP/1.1, libcurl's transfers for endpoints that chose
/// HTTP/2.
package final class SenderTransport: DeliveryTransport {
    private let exchanges: ExchangeTransport
    private let transfers: CurlTransport

    /// - Parameter now: monotonic nanoseconds.
    package init(_ configuration: SenderConfiguration, poller: Poller, now: Int64) {
        self.now = now
        exchanges = ExchangeTransport(configuration, poller: poller, now: now)
        transfers = CurlTransport(configuration, poller: poller, now: now)
    }

    /// The turn's time, monotonic nanoseconds: set by the owner at its beginning.
    package var now: Int64 {
        didSet {
            exchanges.now = now
            transfers.now = now
        }
    }

    /// When there is something to do without an event.
    package var deadline: Int64? {
        guard let first = exchanges.deadline, let second = transfers.deadline else {
            return exchanges.deadline ?? transfers.deadline
        }
        return min(first, second)
    }

    package func begin(_ order: AttemptOrder) {
        if order.target.isHTTP2 {
            transfers.begin(order)
        } else {
            exchanges.begin(order)
        }
    }

    package func collect(into ended: inout [AttemptEnd]) {
        exchanges.collect(into: &ended)
        var more: [AttemptEnd] = []
        transfers.collect(into: &more)
        if !more.isEmpty { ended += more }
    }

    /// Hands an event of the poller to its transport.
    package func ready(_ token: UInt64, _ readiness: Poller.Readiness) {
        if token & (TokenMark.dial | TokenMark.connection) != 0 {
            exchanges.ready(token, readiness)
        } else {
            transfers.ready(token, readiness)
        }
    }

    package func run() {
        exchanges.run()
        transfers.run()
    }

    package func close() {
        exchanges.close()
        transfers.close()
    }
}
