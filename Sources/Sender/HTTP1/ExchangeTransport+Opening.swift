import WebhookModel

// Connections that are opened, and exchanges that wait for one.
extension ExchangeTransport {
    func dial(_ connection: Connection) {
        guard let exchange = connection.exchange else {
            preconditionFailure("a connection is opened for an exchange")
        }
        let site = connection.site
        pool.beginOpening(connection)
        connection.exchange!.newConnections += 1
        connection.dial = dialer.dial(
            connection.slot, to: exchange.order.target, through: exchange.route, offeringHTTP2: site.key.offersHTTP2)
        if site.key.offersHTTP2 { site.openingShared.append(connection) }
        prepareRace(connection, exchange)
    }

    /// TLS failed, and was to continue a session: once more without it. Some servers end TLS instead of making a full
    /// handshake, for example where they ask for client certificates. No request was sent.
    func beginWithoutSession(_ connection: Connection) {
        guard var exchange = connection.exchange else { return }
        exchange.hasLostSession = true
        connection.exchange = nil
        stopWaiting(for: connection)
        close(connection)
        again.append((exchange, exchange.order.freshConnection))
    }

    /// Opens connections for exchanges that wait, as many as the site may open now.
    func openMore(_ site: Site) {
        guard !isClosed, site.waitingCount > 0 else { return }
        guard now >= pause.until else { return giveBackWaiting(site) }
        if site.speaksHTTP2 == true {
            shareLine(site, most: site.shared.reduce(0) { $0 + ($1.session?.room ?? 0) })
        }
        while site.mayOpen, let connection = pool.takeWaiting(site) { dial(connection) }
    }

    /// Streams are free: what waits for one begins again.
    func shareLine(_ site: Site, most: Int) {
        var waiting: [Exchange] = []
        while waiting.count < most, let connection = pool.takeWaiting(site) {
            guard var exchange = connection.exchange else { continue }
            exchange.hasWaited = true
            waiting.append(exchange)
            vacate(connection)
        }
        // `again` is taken from its end.
        for exchange in waiting.reversed() { again.append((exchange, exchange.order.freshConnection)) }
    }

    /// Removes a connection that was not begun, and whose exchange has another.
    private func vacate(_ connection: Connection) {
        connection.exchange = nil
        timers.disarm(connection.slot)
        pool.recycle(connection)
    }

    /// Sets the time until which an exchange waits in line. `connection`: in line.
    func armWaiting(_ connection: Connection, _ exchange: Exchange) {
        let limit = connection.site.speaksHTTP2 == true ? Limits.sharedLineMilliseconds : Limits.lineMilliseconds
        let longest = min(limit * 1_000_000, (exchange.deadline - exchange.beganAt) / 4)
        timers.arm(connection.slot, at: min(exchange.deadline, now + longest))
    }

    /// An exchange has waited in line for long: it gets a connection of its own, as soon as the site may open one at all.
    func openLate(_ connection: Connection, _ exchange: Exchange) {
        guard connection.site.mayOpenSlowly, now >= pause.until else { return armWaiting(connection, exchange) }
        pool.leaveLine(connection)
        timers.arm(connection.slot, at: exchange.deadline)
        dial(connection)
    }

    /// The machine has no connection to give: what waits for one goes back unsent.
    private func giveBackWaiting(_ site: Site) {
        var waiting: [Connection] = []
        while let connection = pool.takeWaiting(site) { waiting.append(connection) }
        for connection in waiting {
            guard let exchange = connection.exchange else { continue }
            connection.exchange = nil
            ended.append(exchange.end(lacking: lastShortage, until: pause.until))
            close(connection)
        }
    }

    /// After an answer: the connection serves the exchange that waits for longest, or becomes idle.
    func serveNext(_ connection: Connection) {
        connection.idleSince = now
        guard connection.site.waitingCount > 0, pool.isFresh(connection, now: now) else {
            return pool.putIdle(connection, now: now)
        }
        // An extra answer must not count for a request that the receiver never read.
        guard connection.unreadInput() == .none else { return close(connection) }
        guard let waiting = pool.takeWaiting(connection.site), let exchange = waiting.exchange else {
            return pool.putIdle(connection, now: now)
        }
        vacate(waiting)
        let (route, rules) = (exchange.route, exchange.order.target.rules)
        guard configuration.addressGuard.allows(route.address, port: route.port, under: rules) else {
            ended.append(exchange.end(.addressForbidden, now: now))
            return serveNext(connection)
        }
        request(exchange, on: connection)
    }
}
