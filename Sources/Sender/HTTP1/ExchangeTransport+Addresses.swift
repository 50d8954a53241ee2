import CCurl
import WebhookModel

// Names with several addresses (RFC 8305). Each address is a route of its own, to a site of its own, so the address checks
// and the pool need not know about the others.
extension ExchangeTransport {
    /// Chooses the address that a new exchange tries first.
    func choose(_ exchange: inout Exchange) {
        guard !exchange.order.route.others.isEmpty else { return }
        exchange.chosen = memory.best(of: exchange.order.route, now: now)
    }

    /// A connection is being opened: the exchange's other addresses wait beside it.
    func prepareRace(_ connection: Connection, _ exchange: Exchange) {
        guard !exchange.order.route.others.isEmpty else { return }
        let untried = memory.rest(of: exchange.order.route, after: exchange.route, now: now)
        connection.race = DialRace(connection, untried: untried, nextAt: now + ExchangeTransport.addressDelay)
        armRace(connection, exchange)
    }

    private static var addressDelay: Int64 { Limits.addressDelayMilliseconds * 1_000_000 }

    private func armRace(_ connection: Connection, _ exchange: Exchange) {
        timers.disarm(connection.slot)
        guard let race = connection.race, !race.untried.isEmpty else {
            return timers.arm(connection.slot, at: exchange.deadline)
        }
        timers.arm(connection.slot, at: min(exchange.deadline, race.nextAt))
    }

    /// The exchange's timer fired before its deadline.
    ///
    /// - Returns: whether it was for the next address, so that the timer is armed again.
    func tryNextAddress(of connection: Connection) -> Bool {
        guard let race = connection.race, let exchange = connection.exchange, race.nextAt <= now else { return false }
        race.nextAt = now + ExchangeTransport.addressDelay
        // TCP has connected and TLS is under way: that is the race won, unless TLS fails.
        if !race.runners.contains(where: { $0.dial?.reachedPeer == true }), rivals < Limits.rivalConnections {
            beginNext(race, for: connection)
        }
        armRace(connection, exchange)
        return true
    }

    /// Opens a connection to the next address, for the exchange that `holder` has.
    ///
    /// - Returns: false: there is none.
    @discardableResult
    private func beginNext(_ race: DialRace, for holder: Connection) -> Bool {
        // The machine had no connection to give a moment ago: libcurl is not asked before the pause is over.
        guard now >= pause.until, var exchange = holder.exchange, let route = race.untried.popFirst() else {
            return false
        }
        exchange.chosen = route
        let offersHTTP2 = holder.site.key.offersHTTP2
        let rival = pool.open(pool.site(key(of: exchange, offersHTTP2: offersHTTP2)))
        pool.beginOpening(rival)
        rival.race = race
        rival.isRival = true
        rivals += 1
        race.runners.append(rival)
        holder.exchange!.newConnections += 1
        rival.dial = dialer.dial(
            rival.slot, to: exchange.order.target, through: route, offeringHTTP2: offersHTTP2)
        return true
    }

    /// libcurl has connected, or failed: decides whether that is the end of the race.
    ///
    /// - Returns: true: the connection has the exchange, and goes on with this result. False: others go on.
    func decide(_ connection: Connection, _ dial: CurlDial, _ code: CURLcode) -> Bool {
        guard let race = connection.race, let route = dial.route, let holder = race.holder else { return true }
        guard code != CURLE_OK else {
            memory.trust(route)
            // Before the exchange moves: what waits beside it chooses among the others then.
            for runner in race.runners.prefix(while: { $0 !== connection }) { avoid(runner) }
            move(from: holder, to: connection, route)
            connection.race = nil
            race.runners.removeAll { $0 === connection }
            if let other = race.runners.first { close(other) }
            return true
        }
        if dial.isOfAddress(code) { avoid(connection) }
        race.runners.removeAll { $0 === connection }
        // Each failure calls for the next address at once.
        let goesOn = dial.isOfAddress(code) && beginNext(race, for: holder)
        guard goesOn || !race.runners.isEmpty, let next = race.runners.first else {
            connection.race = nil
            // Where the machine has no connection to give for the next address, that is what ends it.
            guard dial.isOfAddress(code), !race.untried.isEmpty, now < pause.until else { return true }
            lack(lastShortage, connection)
            return false
        }
        race.nextAt = now + ExchangeTransport.addressDelay
        connection.race = nil
        if holder === connection, let route = next.dial?.route {
            move(from: connection, to: next, route)
            if next.site.key.offersHTTP2 { next.site.openingShared.append(next) }
        } else if let exchange = holder.exchange {
            armRace(holder, exchange)
        }
        if dial.isOfAddress(code) { connection.site.isFailing = true }
        if let shortage = dial.shortage(code) {
            pause.failed(now: now)
            lastShortage = shortage
        }
        close(connection)
        return false
    }

    /// Gives the exchange to another connection. What else waits for the first one begins again.
    private func move(from holder: Connection, to connection: Connection, _ route: Route) {
        guard holder !== connection, var exchange = holder.exchange else { return }
        exchange.chosen = route
        holder.exchange = nil
        connection.exchange = exchange
        endRivalry(connection)
        timers.disarm(holder.slot)
        armRace(connection, exchange)
        holder.site.openingShared.removeAll { $0 === holder }
        for var waiting in takeWaiting(holder) {
            choose(&waiting)
            again.append((waiting, waiting.order.freshConnection))
        }
    }

    /// The connection's address is tried last for a while; what waits for it and has another one uses that.
    private func avoid(_ connection: Connection) {
        guard let route = connection.dial?.route else { return }
        memory.avoid(route, now: now)
        let site = connection.site
        var moved: [Connection] = []
        for _ in 0..<site.waitingCount {
            guard let waiting = pool.takeWaiting(site), var exchange = waiting.exchange else { break }
            let before = exchange.route
            choose(&exchange)
            if exchange.route === before {
                pool.wait(waiting)
            } else {
                waiting.exchange = nil
                moved.append(waiting)
                again.append((exchange, false))
            }
        }
        for waiting in moved { close(waiting) }
    }

    /// The connection has the exchange now, or closes.
    func endRivalry(_ connection: Connection) {
        guard connection.isRival else { return }
        connection.isRival = false
        rivals -= 1
    }

    /// The connection closes, and with it every other that is opened for its exchange.
    func endRace(_ connection: Connection) {
        guard let race = connection.race else { return }
        connection.race = nil
        let others = race.runners.filter { $0 !== connection }
        race.runners = []
        for other in others {
            other.race = nil
            close(other)
        }
    }
}
