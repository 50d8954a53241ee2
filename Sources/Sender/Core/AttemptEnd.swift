package import Scheduling
package import WebhookModel

/// An attempt that ended: its report for the queue, and what only the sender uses.
package struct AttemptEnd {
    /// Complete but for `retryAfter`, which depends on the time.
    package var report: AttemptReport
    package var retryAfter: RetryAfter?
    /// Connections that were opened for it.
    package var newConnections = 0
    /// Of those with TLS, handshakes in which the certificates were checked, and those that continued a session.
    package var fullHandshakes = 0
    package var resumedHandshakes = 0
    /// Times that the request was sent again on a fresh connection, because its pooled connection broke before any
    /// answer: each may be a duplicate at the receiver.
    package var repeats = 0
    /// Pooled connections that were given up because they held data before the request was sent.
    package var staleConnections = 0
    /// The machine had no connection to give: nothing was sent, and the report is none.
    package var unsent: Unsent?

    /// A delivery that goes back into its lane.
    package struct Unsent {
        package let delivery: DueDelivery
        package let shortage: Shortage
        /// When it is worth another try, monotonic nanoseconds.
        package let until: Int64

        package init(delivery: DueDelivery, shortage: Shortage, until: Int64) {
            self.delivery = delivery
            self.shortage = shortage
            self.until = until
        }
    }

    /// An attempt without an answer.
    ///
    /// - Parameter startedAt: Unix milliseconds.
    package init(delivery: DueDelivery, startedAt: Int64, outcome: Outcome) {
        report = AttemptReport(
            delivery: delivery.id, entry: delivery.entry, attempt: delivery.attempt, trigger: delivery.trigger,
            outcome: outcome, status: 0, startedAt: startedAt, phases: AttemptPhases(), reusedConnection: false,
            address: "", heldBytes: delivery.heldBytes)
        report.round = delivery.round
        report.events = delivery.eventCount
        report.destination = delivery.endpoint.destination
    }

    /// An attempt that did not take place, because the machine had no connection to give.
    package init(_ order: AttemptOrder, lacks shortage: Shortage, until: Int64) {
        self.init(delivery: order.delivery, startedAt: order.startedAt, outcome: .connectFailed)
        unsent = Unsent(delivery: order.delivery, shortage: shortage, until: until)
    }

    /// Adds what was read of the answer.
    mutating func take(_ answer: borrowing AnswerReader) {
        report.status = UInt16(clamping: answer.status)
        if answer.status == 429 || answer.status == 503 { retryAfter = answer.retryAfter }
        report.excerpt = answer.excerpt
        report.headers = answer.headers.bytes
    }

    /// Removes what a refused address could be guessed from: an endpoint's owner learns of the refusal and nothing
    /// else.
    mutating func hideAddress() {
        report.address = ""
        report.phases = AttemptPhases()
    }
}
