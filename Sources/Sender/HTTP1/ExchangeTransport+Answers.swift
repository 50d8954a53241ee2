import Glibc
import Threading
import WebhookModel

// Receiving answers over HTTP/1.1, and ending exchanges.
extension ExchangeTransport {
    func receive(_ connection: Connection) {
        while connection.stage == .busy || connection.stage == .draining, !connection.isAnsweredEarly {
            switch connection.read(into: input) {
            case .bytes(let count):
                if connection.exchange?.firstByteAt == 0 { connection.exchange?.firstByteAt = now }
                take(UnsafeRawBufferPointer(rebasing: input[..<count]), connection)
                // TLS may hold bytes that the poller does not see: read until there are none.
                if !connection.mayHoldBytes { return }
            case .wouldBlock, .lacking: return
            case .ended:
                connection.parser.endOfConnection()
                if connection.parser.isWhole { answered(connection, isClean: false) } else { broke(connection) }
                return
            case .failed: return broke(connection)
            }
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, _ connection: Connection) {
        let hadHead = connection.parser.isHeadWhole
        let (step, taken) = connection.parser.take(bytes)
        if connection.parser.isHeadWhole, !hadHead {
            if connection.parser.reader.isMeantForAnother, repeatAfresh(connection) { return }
            // The outcome is decided: the attempt does not wait for its whole time.
            if step == .more { arm(connection, for: Limits.answerRestMilliseconds) }
        }
        switch step {
        case .more: break
        case .done: answered(connection, isClean: taken == bytes.count)
        case .malformed: cutShort(connection, .answerMalformed)
        case .tooLarge: cutShort(connection, .answerTooLarge)
        }
    }

    /// The answer is complete.
    private func answered(_ connection: Connection, isClean: Bool) {
        guard connection.exchange != nil else { return drained(connection, isClean: isClean) }
        let outcome = Outcome(status: connection.parser.status)
        if outcome.isDelivered {
            // A receiver that answers 2xx and closes before it has read the whole request has not received it.
            if connection.isCutOff { return end(connection, .connectionReset) }
            if connection.hasUnsent { return sendRest(connection) }
        }
        guard isClean, keeps(connection), !connection.hasUnsent else { return end(connection, outcome) }
        timers.disarm(connection.slot)
        ended.append(connection.takeEnd(outcome, now: now))
        serveNext(connection)
    }

    /// Whether the connection takes another request after its answer.
    private func keeps(_ connection: Connection) -> Bool {
        connection.hear(connection.parser.keepAlive) && connection.parser.keepsConnection
            && !connection.parser.reader.isMeantForAnother
    }

    /// The answer will not be complete: it is malformed or too large, its connection has ended, or its time is over.
    ///
    /// Once its header section is there, the status counts all the same, and the answer is marked as incomplete
    /// (RFC 9112, 8).
    private func cutShort(_ connection: Connection, _ failure: Outcome) {
        guard connection.exchange != nil else { return close(connection) }
        guard connection.parser.isHeadWhole else {
            // What is no answer at all may be the rest of the answer before.
            let isNoAnswer = failure == .answerMalformed || failure == .answerTooLarge
            if isNoAnswer, connection.parser.status == 0, repeatAfresh(connection) { return }
            return end(connection, failure)
        }
        let outcome = Outcome(status: connection.parser.status)
        guard outcome.isDelivered else { return end(connection, outcome) }
        if connection.isCutOff { return end(connection, .connectionReset) }
        guard connection.hasUnsent else { return end(connection, outcome) }
        switch failure {
        case .answerMalformed, .answerTooLarge: sendRest(connection)
        default: end(connection, failure)
        }
    }

    /// The connection ended before its answer was complete.
    func broke(_ connection: Connection) {
        // The peer closed the pooled connection while the request was sent (RFC 9112, 9.3.1), or after it had read it.
        if connection.parser.total == 0, repeatAfresh(connection) { return }
        cutShort(connection, connection.breakage)
    }

    /// Sends the request again on a fresh connection, if this one was used before: then its end, or what came over it,
    /// probably has to do with its past.
    private func repeatAfresh(_ connection: Connection) -> Bool {
        guard let exchange = connection.exchange, connection.uses > 1, exchange.mayRepeat else { return false }
        var repeated = exchange
        repeated.repeats += 1
        repeated.firstByteAt = 0
        close(connection)
        again.append((repeated, true))
        return true
    }

    /// A 2xx answer came before the whole request was sent: the rest is sent first, and no more of the answer is read.
    private func sendRest(_ connection: Connection) {
        connection.isAnsweredEarly = true
        arm(connection, for: nil)
        poller.watch(connection.descriptor, for: .writable, token: connection.token)
    }

    /// After an early answer: ends the attempt as soon as the whole request is sent.
    func finishEarly(_ connection: Connection) {
        guard !connection.hasUnsent else { return }
        end(connection, connection.isCutOff ? .connectionReset : Outcome(status: connection.parser.status))
    }

    /// Ends the exchange and the connection with it.
    func end(_ connection: Connection, _ outcome: Outcome) {
        ended.append(connection.takeEnd(outcome, now: now))
        stopWaiting(for: connection, outcome)
        close(connection)
    }
}

// Time limits, and the rest of answers.
extension ExchangeTransport {
    /// A connection's timer has fired.
    func timeIsOver(_ connection: Connection) {
        guard let exchange = connection.exchange else {
            if connection.stage == .draining { return close(connection) }
            return checkSilence(of: connection)
        }
        guard exchange.deadline > now else {
            // A site that cannot be reached is found out about at once.
            if connection.stage == .dialing { connection.site.isFailing = true }
            return connection.stage == .dialing
                ? end(connection, connection.dial?.failure(nil) ?? .timedOut) : cutShort(connection, .timedOut)
        }
        if connection.stage == .waiting { return openLate(connection, exchange) }
        guard connection.stage == .busy, connection.parser.isHeadWhole else {
            if !tryNextAddress(of: connection) { timers.arm(connection.slot, at: exchange.deadline) }
            return
        }
        // The rest of the request does not matter to an answer that is no success.
        if connection.hasUnsent, !Outcome(status: connection.parser.status).isDelivered {
            return cutShort(connection, .timedOut)
        }
        guard mayDrain(connection) else { return timers.arm(connection.slot, at: exchange.deadline) }
        drain(connection, until: exchange.deadline)
    }

    /// Whether the attempt may end before the rest of its answer is there.
    private func mayDrain(_ connection: Connection) -> Bool {
        !connection.hasUnsent && !connection.isCutOff && !connection.isAnsweredEarly
            && pool.drainingCount + streams.drainingCount < Limits.drainingAnswers
    }

    /// Ends the attempt with what the header section says, and reads the rest of the answer for nobody: a receiver that
    /// is still working on the request would notice a closed connection.
    private func drain(_ connection: Connection, until deadline: Int64) {
        ended.append(connection.takeEnd(Outcome(status: connection.parser.status), now: now))
        pool.beginDraining(connection)
        timers.arm(connection.slot, at: deadline)
    }

    /// The rest of an answer was read.
    private func drained(_ connection: Connection, isClean: Bool) {
        guard isClean, keeps(connection) else { return close(connection) }
        timers.disarm(connection.slot)
        pool.endDraining(connection)
        serveNext(connection)
    }

    /// Sets the time limit of the exchange to its deadline, or to a number of milliseconds from now if that is earlier.
    private func arm(_ connection: Connection, for milliseconds: Int64?) {
        guard let exchange = connection.exchange else { return }
        let limit = milliseconds.map { now + $0 * 1_000_000 } ?? .max
        timers.disarm(connection.slot)
        timers.arm(connection.slot, at: min(exchange.deadline, limit))
    }

    func close(_ connection: Connection) {
        timers.disarm(connection.slot)
        endRace(connection)
        endRivalry(connection)
        connection.site.stopSharing(connection)
        pool.drop(connection)
        if let dial = connection.dial {
            connection.dial = nil
            connection.tls = nil
            dialer.hangUp(dial)
        } else if connection.descriptor >= 0 {
            _ = Glibc.close(connection.descriptor)
        }
        // Another connection may get the number.
        connection.descriptor = -1
        openMore(connection.site)
    }
}
