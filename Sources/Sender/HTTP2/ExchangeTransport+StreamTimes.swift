import WebhookModel

// The time limits of exchanges that share connections, and the rest of their answers.
extension ExchangeTransport {
    /// The header section of an answer is there, and its end is not: the attempt does not wait for its whole time.
    func shorten(_ place: StreamExchange, of connection: Connection) {
        guard let exchange = place.exchange, place.connection === connection else { return }
        streams.timers.disarm(place.slot)
        streams.timers.arm(
            place.slot, at: min(exchange.deadline, now + Limits.answerRestMilliseconds * 1_000_000))
    }

    /// Ends exchanges that are over their time limit.
    func expireShared() {
        while let slot = streams.timers.fire(now: now) {
            let place = streams[slot]
            guard let connection = place.connection else { continue }
            guard let exchange = place.exchange else {
                // The rest of its answer did not come in time.
                _ = connection.session?.abandon(place.stream)
                streams.endDraining(place)
                queue(connection)
                gather(connection)
                continue
            }
            if exchange.deadline > now {
                if !drain(place, of: connection) { streams.timers.arm(slot, at: exchange.deadline) }
            } else {
                expire(place, of: connection)
            }
        }
    }

    private func expire(_ place: StreamExchange, of connection: Connection) {
        guard let session = connection.session else {
            connection.waiting.removeAll { $0 === place }
            return ended.append(streams.remove(place).end(connection.dial?.failure(nil) ?? .timedOut, now: now))
        }
        let hasHeard = connection.heardAt >= place.sentAt
        let progress = session.abandon(place.stream)
        let exchange = streams.remove(place)
        if let progress {
            ended.append(result(of: exchange, progress, breakage: .timedOut))
        } else {
            ended.append(exchange.end(.timedOut, now: now))
        }
        queue(connection)
        // A peer that sent nothing for the whole of an attempt is gone.
        gather(connection)
        if !hasHeard, connection.stage != .closed { retire(connection) }
    }

    /// Ends the attempt with what the header section of its answer says, and leaves the rest of the answer to come: a
    /// receiver that is still working on the request would notice a reset.
    ///
    /// - Returns: false: the attempt has to wait.
    private func drain(_ place: StreamExchange, of connection: Connection) -> Bool {
        guard let exchange = place.exchange, let progress = connection.session?.progress(of: place.stream),
            progress.isHeadWhole
        else { return false }
        if !progress.isRequestSent {
            guard !Outcome(status: progress.status).isDelivered else { return false }
            // The rest of the request does not matter to an answer that is no success.
            expire(place, of: connection)
            return true
        }
        guard pool.drainingCount + streams.drainingCount < Limits.drainingAnswers else { return false }
        ended.append(
            result(of: streams.drain(place, until: exchange.deadline), progress, breakage: .timedOut))
        return true
    }
}
