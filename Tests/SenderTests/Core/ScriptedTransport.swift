import Scheduling
import Sender
import WebhookModel

/// A core over a scripted transport.
typealias ScriptedCore = SenderCore<ScriptedTransport, SystemRandomNumberGenerator>

/// A transport that does what a test says: the second implementation of `DeliveryTransport`.
final class ScriptedTransport: DeliveryTransport {
    /// Attempts that were begun and have not been ended.
    private(set) var open: [AttemptOrder] = []
    /// Attempts that were begun in all.
    private(set) var begun = 0
    private var ended: [AttemptEnd] = []

    func begin(_ order: AttemptOrder) {
        open.append(order)
        begun += 1
    }

    /// Takes an attempt that goes on from those open, and gives it back.
    func takeFirst() -> AttemptOrder { open.removeFirst() }
    func putFirst(_ order: AttemptOrder) { open.insert(order, at: 0) }

    func collect(into ended: inout [AttemptEnd]) { swap(&self.ended, &ended) }

    /// The machine has no connection to give for the attempt that was begun first of those open.
    func lack(_ shortage: Shortage, until: Int64) {
        ended.append(AttemptEnd(open.removeFirst(), lacks: shortage, until: until))
    }

    /// Ends the attempt that was begun first of those open.
    func end(_ outcome: Outcome, status: UInt16 = 0, retryAfter: RetryAfter? = nil) {
        let order = open.removeFirst()
        var end = AttemptEnd(delivery: order.delivery, startedAt: order.startedAt, outcome: outcome)
        end.report.status = status
        end.retryAfter = retryAfter
        end.report.address = order.route.text
        ended.append(end)
    }
}
