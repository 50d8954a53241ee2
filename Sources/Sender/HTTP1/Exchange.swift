import WebhookModel

/// An attempt on its way: it may move to another connection before anything came of it.
struct Exchange {
    let order: AttemptOrder
    /// Monotonic nanoseconds.
    let beganAt: Int64
    let deadline: Int64
    /// Times that the request went out again on a fresh connection: each may be a duplicate at the receiver.
    var repeats = 0
    var staleConnections = 0
    var newConnections = 0
    var firstByteAt: Int64 = 0
    var connectPhases = AttemptPhases()
}

extension Connection {
    /// Removes the exchange, which ends now, and returns what came of it. `now`: monotonic nanoseconds.
    func takeEnd(_ outcome: Outcome, now: Int64) -> AttemptEnd {
        guard let exchange else { preconditionFailure("an exchange ends once") }
        self.exchange = nil
        var end = exchange.end(outcome, now: now)
        let reader = parser.reader
        end.status = UInt16(clamping: reader.status)
        if reader.status == 429 || reader.status == 503 { end.retryAfter = reader.retryAfter }
        end.excerpt = reader.excerpt
        end.headers = reader.headers.bytes
        end.reusedConnection = uses > 0 && exchange.newConnections == 0
        return end
    }
}

extension Exchange {
    /// What is known without an answer. `now`: monotonic nanoseconds.
    func end(_ outcome: Outcome, now: Int64) -> AttemptEnd {
        var end = AttemptEnd(delivery: order.delivery, startedAt: order.startedAt, outcome: outcome)
        end.phases = connectPhases
        end.phases.firstByte = firstByteAt == 0 ? 0 : microseconds(to: firstByteAt)
        end.phases.total = microseconds(to: now)
        end.newConnections = newConnections
        end.repeats = repeats
        end.staleConnections = staleConnections
        if outcome == .addressForbidden {
            // To the endpoint's owner a refusal says nothing else: no address, and no time by which one could be guessed.
            end.phases = AttemptPhases()
        } else {
            end.address = order.route.text
        }
        return end
    }

    private func microseconds(to time: Int64) -> UInt32 { UInt32(clamping: max(time - beganAt, 0) / 1_000) }
}
