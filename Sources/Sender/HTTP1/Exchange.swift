import WebhookModel

/// An attempt in progress. It may move to another connection as long as no answer came.
struct Exchange {
    let order: AttemptOrder
    /// Monotonic nanoseconds.
    let beganAt: Int64
    let deadline: Int64
    /// Times that the request was sent again on a fresh connection: each may be a duplicate at the receiver.
    var repeats = 0
    /// It may be sent again: it was not before, and it is no last attempt, after which nothing may be in doubt.
    var mayRepeat: Bool { repeats < Limits.requestRepeats && !order.freshConnection }
    var staleConnections = 0
    var newConnections = 0
    var firstByteAt: Int64 = 0
    var connectPhases = AttemptPhases()
    /// Times that an HTTP/2 server said that it did not process the request.
    var unprocessed = 0
    /// Times that a connection could not be opened for which it waited with others.
    var failedDials = 0
    /// It was in line for a connection, so it passes those that are.
    var hasWaited = false
    /// The server wants the request over HTTP/1.1.
    var avoidsHTTP2 = false
    /// The address that it uses, where that is not the order's first.
    var chosen: Route?
    /// TLS handshakes of its connections.
    var fullHandshakes = 0
    var resumedHandshakes = 0
    /// TLS failed once with a session that it was to continue.
    var hasLostSession = false
    /// Only connections that were opened at this time or later may be used, monotonic nanoseconds.
    var notBefore = Int64.min

    var route: Route { chosen ?? order.route }

    /// Its result without an answer. `now`: monotonic nanoseconds.
    func end(_ outcome: Outcome, now: Int64) -> AttemptEnd {
        var end = AttemptEnd(delivery: order.delivery, startedAt: order.startedAt, outcome: outcome)
        end.report.phases = connectPhases
        end.report.phases.firstByte = firstByteAt == 0 ? 0 : microseconds(to: firstByteAt)
        end.report.phases.total = microseconds(to: now)
        end.report.address = route.text
        end.newConnections = newConnections
        end.fullHandshakes = fullHandshakes
        end.resumedHandshakes = resumedHandshakes
        end.repeats = repeats
        end.staleConnections = staleConnections
        if outcome == .addressForbidden { end.hideAddress() }
        return end
    }

    /// Its end where nothing was sent, because the machine had no connection to give.
    func end(lacking shortage: Shortage, until: Int64) -> AttemptEnd {
        var end = AttemptEnd(order, lacks: shortage, until: until)
        end.fullHandshakes = fullHandshakes
        end.resumedHandshakes = resumedHandshakes
        end.repeats = repeats
        end.staleConnections = staleConnections
        return end
    }

    private func microseconds(to time: Int64) -> UInt32 { UInt32(clamping: max(time - beganAt, 0) / 1_000) }
}

extension Connection {
    /// Removes the exchange, which ends now, and returns its result. `now`: monotonic nanoseconds.
    func takeEnd(_ outcome: Outcome, now: Int64) -> AttemptEnd {
        guard let exchange else { preconditionFailure("an exchange ends once") }
        self.exchange = nil
        var end = exchange.end(outcome, now: now)
        end.take(parser.reader)
        end.report.isAnswerIncomplete = parser.isHeadWhole && !parser.isWhole
        end.report.reusedConnection = uses > 0 && exchange.newConnections == 0
        return end
    }
}
