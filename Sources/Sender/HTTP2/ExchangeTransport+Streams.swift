import Glibc
import Threading
import WebhookModel

// HTTP/2: exchanges share connections. A new connection is opened only when all that are open are full.
extension ExchangeTransport {
    /// Sends over an open connection that takes the request, or waits for one that is being opened.
    ///
    /// - Returns: false: neither exists, or the server speaks HTTP/1.1.
    func share(_ exchange: Exchange, at site: Site) -> Bool {
        while let connection = site.shared.first(where: { isOpen($0, for: exchange) }) {
            if begin(exchange, on: connection) { return true }
        }
        // Whether the server speaks HTTP/2 is known when the first connection is open: until then the others wait.
        guard site.speaksHTTP2 != false,
            let connection = site.openingShared.first(where: { $0.waiting.count < Limits.streamsBeforeSettings - 1 })
        else { return false }
        connection.waiting.append(streams.add(exchange, to: connection))
        return true
    }

    /// Whether an open connection may take the request.
    ///
    /// The request of a last attempt must not be in doubt afterwards, so a connection that may have died unnoticed does
    /// not do: it must be new, or its peer must have sent something a moment ago.
    private func isOpen(_ connection: Connection, for exchange: Exchange) -> Bool {
        guard let session = connection.session, session.room > 0, connection.openedAt >= exchange.notBefore else {
            return false
        }
        return !exchange.order.freshConnection || !isSilent(connection)
    }

    private func isSilent(_ connection: Connection) -> Bool {
        now - connection.heardAt > Limits.pingAfterMilliseconds * 1_000_000
    }

    /// - Returns: false: the connection takes no more requests.
    private func begin(_ exchange: Exchange, on connection: Connection) -> Bool {
        // A request before this one may have found it broken.
        guard connection.stage != .closed, let session = connection.session, pool.isYoung(connection, now: now) else {
            retire(connection)
            return false
        }
        // Before the request, so that its answer tells as much as the PING's.
        if isSilent(connection), !session.awaitsPong {
            session.ping()
            timers.disarm(connection.slot)
            timers.arm(connection.slot, at: now + Limits.pingMilliseconds * 1_000_000)
        }
        let place = streams.add(exchange, to: connection)
        guard let stream = streamWriter.begin(exchange.order, token: place.slot, on: session) else {
            _ = streams.remove(place)
            retire(connection)
            return false
        }
        place.stream = stream
        place.sentAt = now
        pool.resume(connection)
        connection.uses += 1
        // Large messages are not collected: the connection would seem full while its socket is free.
        if session.hasMuchOutput, !connection.isBlocked { write(connection) } else { queue(connection) }
        return true
    }

    /// libcurl has opened a connection on which the server chose HTTP/2.
    func openShared(_ connection: Connection) {
        guard poller.watch(connection.descriptor, for: .readable, token: connection.token) else {
            return lack(Shortage(errno) ?? .memory, connection)
        }
        guard let exchange = connection.exchange else { preconditionFailure("a connection is opened for an exchange") }
        connection.exchange = nil
        connection.session = HTTP2Session()
        connection.stage = .busy
        connection.heardAt = now
        connection.site.openingShared.removeAll { $0 === connection }
        connection.site.shared.append(connection)
        for exchange in [exchange] + takeWaiting(connection) where !begin(exchange, on: connection) {
            again.append((exchange, exchange.order.freshConnection))
        }
        queue(connection)
        openMore(connection.site)
    }

    /// The exchanges that wait for the connection; none waits afterwards.
    func takeWaiting(_ connection: Connection) -> [Exchange] {
        let waiting = connection.waiting
        connection.waiting = []
        return waiting.map { streams.remove($0) }
    }

    /// The connection that some wait for will not be shared: it is HTTP/1.1, or it could not be opened.
    ///
    /// Whoever shared the wait gets one more: a server that refuses one connection in ten must not fail a whole window of
    /// attempts each time.
    func stopWaiting(for connection: Connection, _ failure: Outcome? = nil) {
        connection.site.openingShared.removeAll { $0 === connection }
        guard !connection.waiting.isEmpty else { return }
        for var exchange in takeWaiting(connection) {
            if let failure {
                exchange.failedDials += 1
                guard exchange.failedDials <= Limits.sharedDialFailures else {
                    ended.append(exchange.end(failure, now: now))
                    continue
                }
            }
            again.append((exchange, exchange.order.freshConnection))
        }
    }

    /// No further request uses the connection; those that are open go on.
    func retire(_ connection: Connection) {
        connection.site.stopSharing(connection)
        connection.session?.drain()
        if connection.session?.hasOpen == false, connection.stage != .closed { close(connection) }
    }

    /// The time for the answer to a PING is over.
    func checkSilence(of connection: Connection) {
        guard connection.session?.awaitsPong == true else { return }
        // After a suspension the answer may be there and not read yet.
        receiveShared(connection)
        if connection.session?.awaitsPong == true { retire(connection) }
    }

    func queue(_ connection: Connection) {
        guard !connection.isQueued else { return }
        connection.isQueued = true
        unwritten.append(connection)
    }
}

// Receiving and sending.
extension ExchangeTransport {
    /// The socket of an HTTP/2 connection is ready.
    func readyShared(_ connection: Connection, _ readiness: Poller.Readiness) {
        if readiness.contains(.writable) { queue(connection) }
        if readiness != .writable { receiveShared(connection) }
    }

    /// Reads on where a turn's limit of reads stopped: TLS may hold bytes that the poller does not see.
    func readMore() {
        guard !unread.isEmpty else { return }
        let waiting = unread
        unread.removeAll(keepingCapacity: true)
        for connection in waiting where connection.stage != .closed { receiveShared(connection) }
    }

    private func receiveShared(_ connection: Connection) {
        guard let session = connection.session else { return }
        for _ in 0..<Limits.readsPerTurn {
            switch connection.read(into: input) {
            case .bytes(let count):
                connection.heardAt = now
                guard session.receive(UnsafeRawBufferPointer(rebasing: input[..<count]), now: now) else {
                    // The last words, if the socket takes them: why the connection ends. `gather` may close it.
                    session.send { if case .bytes(let count) = connection.write($0) { count } else { 0 } }
                    gather(connection)
                    return broke(shared: connection)
                }
            case .wouldBlock, .lacking:
                gather(connection)
                if session.hasOutput { queue(connection) }
                return
            case .ended, .failed:
                gather(connection)
                return broke(shared: connection)
            }
        }
        gather(connection)
        if connection.stage != .closed {
            queue(connection)
            unread.append(connection)
        }
    }

    /// Writes what the turn's requests put into the connections' output.
    func writeShared() {
        guard !unwritten.isEmpty else { return }
        let connections = unwritten
        unwritten.removeAll(keepingCapacity: true)
        for connection in connections {
            connection.isQueued = false
            if connection.stage != .closed { write(connection) }
        }
    }

    private func write(_ connection: Connection) {
        guard let session = connection.session else { return }
        while session.hasOutput {
            var result = Connection.Transfer.wouldBlock
            session.send { bytes in
                result = connection.write(bytes)
                return if case .bytes(let count) = result { count } else { 0 }
            }
            switch result {
            case .bytes: continue
            case .wouldBlock, .lacking:
                watch(connection, isBlocked: true)
                return gather(connection)
            // The peer has closed. What it sent before may still be read.
            case .ended, .failed:
                receiveShared(connection)
                if connection.stage != .closed { broke(shared: connection) }
                return
            }
        }
        watch(connection, isBlocked: false)
        gather(connection)
    }

    private func watch(_ connection: Connection, isBlocked: Bool) {
        guard isBlocked != connection.isBlocked else { return }
        connection.isBlocked = isBlocked
        poller.watch(
            connection.descriptor, for: isBlocked ? [.readable, .writable] : .readable, token: connection.token)
    }
}

// Ending.
extension ExchangeTransport {
    /// Ends the exchanges whose streams ended; keeps or closes the connection when none is left.
    func gather(_ connection: Connection) {
        guard let session = connection.session, connection.stage != .closed else { return }
        // Those that have ended since are told by their end.
        for token in session.takeDecided() { shorten(streams[token], of: connection) }
        for end in session.takeEnded() { finish(end, of: connection, isBroken: false) }
        // Streams ended, or the server's SETTINGS allow more. What begins again in this turn may take some.
        if connection.site.waitingCount > 0 { shareLine(connection.site, most: session.room - again.count) }
        if session.isDraining { connection.site.stopSharing(connection) }
        guard !session.hasOpen, connection.stage == .busy else { return }
        if session.isDraining {
            close(connection)
        } else {
            if !session.awaitsPong { timers.disarm(connection.slot) }
            pool.putIdle(connection, now: now)
        }
    }

    private func finish(_ end: StreamEnd, of connection: Connection, isBroken: Bool) {
        let place = streams[end.token]
        if place.isDraining { return streams.endDraining(place) }
        var exchange = streams.remove(place)
        switch end.result {
        case .unprocessed where exchange.unprocessed < Limits.unprocessedRepeats:
            exchange.unprocessed += 1
            again.append((exchange, exchange.order.freshConnection))
            return
        case .needsHTTP1 where !exchange.avoidsHTTP2:
            exchange.avoidsHTTP2 = true
            again.append((exchange, exchange.order.freshConnection))
            return
        case .broken where isBroken && end.firstByteAt == 0 && mayRepeat(exchange, connection):
            return repeatAfresh(exchange)
        case _ where end.isHeadWhole && end.reader.isMeantForAnother && mayRepeat(exchange, connection):
            return repeatAfresh(exchange)
        default: break
        }
        ended.append(result(of: exchange, end, breakage: connection.breakage))
    }

    /// Sends the request again, over a connection that is opened from now on.
    private func repeatAfresh(_ exchange: Exchange) {
        var exchange = exchange
        exchange.repeats += 1
        exchange.notBefore = now
        again.append((exchange, true))
    }

    /// The result of an exchange.
    func result(of exchange: Exchange, _ end: StreamEnd, breakage: Outcome) -> AttemptEnd {
        var exchange = exchange
        exchange.firstByteAt = end.firstByteAt
        var result = exchange.end(end.outcome(breakage: breakage), now: now)
        result.take(end.reader)
        result.report.reusedConnection = exchange.newConnections == 0
        result.report.isAnswerIncomplete = end.isIncomplete
        return result
    }

    /// As in HTTP/1.1: a connection that has worked before and breaks without a byte of an answer was probably closed
    /// while the request was sent.
    private func mayRepeat(_ exchange: Exchange, _ connection: Connection) -> Bool {
        connection.session?.hasAnswered == true && exchange.mayRepeat
    }

    /// The connection ended, or its peer broke the protocol.
    private func broke(shared connection: Connection) {
        guard let session = connection.session, connection.stage != .closed else { return }
        for end in session.takeRest() { finish(end, of: connection, isBroken: true) }
        close(connection)
    }
}
