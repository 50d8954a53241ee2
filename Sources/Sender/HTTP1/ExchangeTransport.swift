import CCurl
import Glibc
import Settings
import Threading
import WebhookModel

/// HTTP attempts: libcurl opens the connections; requests and answers are written and read here. Over HTTP/1.1 one at a
/// time on each connection; over HTTP/2 many (`HTTP2/ExchangeTransport+Streams.swift`).
///
/// A libcurl transfer costs more than everything else that an event needs, and libcurl repeats a request by itself when
/// a pooled connection turns out dead. Here a request is one write and one read, and every repeat is counted. One
/// thread owns it; in each turn it sets `now`, hands the poller's events to `ready`, and calls `run`.
final class ExchangeTransport: DeliveryTransport {
    let configuration: SenderConfiguration
    let dialer: CurlDialer
    let poller: Poller
    private let writer: RequestWriter
    let streamWriter: StreamRequestWriter
    var streams: StreamTable
    /// HTTP/2 connections with output, to be written at the end of the turn: all requests of a turn in few pieces.
    var unwritten: [Connection] = []
    /// HTTP/2 connections from which more can be read at once.
    var unread: [Connection] = []
    var pool: ConnectionPool
    var timers: TimerWheel
    var memory = AddressMemory()
    /// Connections that are opened beside others for one exchange.
    var rivals = 0
    var ended: [AttemptEnd] = []
    /// After the machine had no connection to give.
    var pause = ShortagePause()
    var lastShortage = Shortage.memory
    /// Attempts to begin again in `run`: their connections broke while other connections were being served.
    var again: [(exchange: Exchange, fresh: Bool)] = []
    let input: UnsafeMutableRawBufferPointer
    private(set) var isClosed = false
    /// The turn's time, monotonic nanoseconds: set by the owner at its beginning.
    var now: Int64 {
        didSet { dialer.now = now }
    }

    /// More than an answer may have, so that one read takes a whole one.
    private static let inputBytes = Limits.answerBytes + 4_096

    /// - Parameter now: monotonic nanoseconds.
    init(_ configuration: SenderConfiguration, poller: Poller, now: Int64) {
        self.now = now
        self.configuration = configuration
        self.poller = poller
        dialer = CurlDialer(configuration, poller: poller, now: now)
        writer = RequestWriter(userAgent: configuration.userAgent)
        streamWriter = StreamRequestWriter(userAgent: configuration.userAgent)
        streams = StreamTable(now: now)
        pool = ConnectionPool(most: configuration.keptConnections)
        timers = TimerWheel(now: now)
        input = .allocate(byteCount: ExchangeTransport.inputBytes, alignment: 16)
    }

    deinit { input.deallocate() }

    /// Breaks off what is in flight, without reports, and closes every connection. Nothing may be called afterwards.
    func close() {
        isClosed = true
        for connection in pool.all where connection.stage != .closed { close(connection) }
        dialer.close()
    }

    func begin(_ order: AttemptOrder) {
        let limit = order.target.endpoint.settings.timeout * 1_000_000
        var exchange = Exchange(order: order, beganAt: now, deadline: now + limit)
        choose(&exchange)
        send(exchange, fresh: order.freshConnection)
    }

    func collect(into ended: inout [AttemptEnd]) { swap(&self.ended, &ended) }

    /// Takes an event of the poller.
    func ready(_ token: UInt64, _ readiness: Poller.Readiness) {
        if token & TokenMark.dial != 0 { return dialer.ready(token, readiness) }
        guard let connection = pool.connection(of: token) else { return }
        guard connection.session == nil else { return readyShared(connection, readiness) }
        switch connection.stage {
        case .idle:
            // TLS has messages of its own. Otherwise the server closed the connection, or sent data without a request:
            // the connection cannot be used any more.
            let input = connection.unreadInput()
            if input == .unrequested { connection.site.spokeUnasked += 1 }
            if input != .none { close(connection) }
        case .busy:
            if connection.hasUnsent { sendMore(connection) }
            if connection.isAnsweredEarly { finishEarly(connection) } else { receive(connection) }
        case .draining: receive(connection)
        case .waiting, .dialing, .closed: break
        }
    }

    /// Serves libcurl, ends attempts that are over their time limit, closes connections that are idle for too long.
    func run() {
        dialer.run { dial, code in connected(dial, code) }
        while let slot = timers.fire(now: now) {
            guard let connection = pool[slot] else { continue }
            timeIsOver(connection)
        }
        expireShared()
        while let connection = pool.superfluous(now: now) { close(connection) }
        readMore()
        while let (exchange, fresh) = again.popLast() { send(exchange, fresh: fresh) }
        writeShared()
    }

    /// When there is something to do without an event.
    var deadline: Int64? {
        var time = again.isEmpty && unread.isEmpty && unwritten.isEmpty ? Int64.max : now
        if let due = streams.timers.next { time = min(time, due) }
        if let due = dialer.deadline { time = min(time, due) }
        if let due = timers.next { time = min(time, due) }
        if let due = pool.nextTooOld { time = min(time, due) }
        return time == .max ? nil : time
    }
}

// Beginning.
extension ExchangeTransport {
    func send(_ exchange: Exchange, fresh: Bool) {
        var exchange = exchange
        let order = exchange.order
        // The last of three checks of the address: it may have been forbidden since the connection was opened.
        guard
            configuration.addressGuard.allows(
                exchange.route.address, port: exchange.route.port, under: order.target.rules)
        else {
            return ended.append(exchange.end(.addressForbidden, now: now))
        }
        let site = exchange.avoidsHTTP2 ? pool.site(key(of: exchange, offersHTTP2: false)) : site(of: exchange)
        exchange.staleConnections += site.spokeUnasked
        site.spokeUnasked = 0
        if site.key.offersHTTP2, fresh || exchange.hasWaited || site.waitingCount == 0, share(exchange, at: site) {
            return
        }
        while !fresh, let connection = pool.takeIdle(site) {
            guard pool.isFresh(connection, now: now) else {
                close(connection)
                continue
            }
            switch connection.unreadInput() {
            case .none: return request(exchange, on: connection)
            case .dead: close(connection)
            case .unrequested:
                // An extra answer must not count for a request that the receiver never read.
                exchange.staleConnections += 1
                close(connection)
            }
        }
        // The machine had none to give a moment ago: libcurl is not asked again before the pause is over.
        guard now >= pause.until else { return ended.append(exchange.end(lacking: lastShortage, until: pause.until)) }
        let mayOpen = fresh || site.mayOpen
        let connection = pool.open(site)
        connection.exchange = exchange
        if mayOpen {
            timers.arm(connection.slot, at: exchange.deadline)
            dial(connection)
        } else {
            pool.wait(connection)
            armWaiting(connection, exchange)
        }
    }

    /// The site of an exchange. The target keeps it for the next one.
    private func site(of exchange: Exchange) -> Site {
        let target = exchange.order.target
        if let site = target.site, site.isListed, target.siteRoute === exchange.route { return site }
        let site = pool.site(key(of: exchange, offersHTTP2: target.offersHTTP2))
        target.site = site
        target.siteRoute = exchange.route
        return site
    }

    func key(of exchange: Exchange, offersHTTP2: Bool) -> SiteKey {
        let url = exchange.order.target.url
        return SiteKey(
            isSecure: url.isSecure, host: url.host, port: url.port, address: exchange.route.address,
            offersHTTP2: offersHTTP2, reservation: exchange.route.reservation)
    }

    /// libcurl has connected, or failed.
    private func connected(_ dial: CurlDial, _ code: CURLcode) {
        guard let connection = pool[dial.slot], decide(connection, dial, code), let exchange = connection.exchange
        else { return }
        timers.disarm(connection.slot)
        guard code == CURLE_OK else {
            if let shortage = dial.shortage(code) { return lack(shortage, connection) }
            if dial.offersSession, dial.reachedPeer, !exchange.hasLostSession { return beginWithoutSession(connection) }
            connection.site.isFailing = true
            return end(connection, dial.failure(code))
        }
        pause.succeeded()
        pool.endOpening(connection)
        connection.site.isFailing = false
        if connection.site.key.offersHTTP2 { connection.site.speaksHTTP2 = dial.isHTTP2 }
        if !dial.isHTTP2 { openMore(connection.site) }
        connection.exchange?.connectPhases = dial.phases()
        if dial.isResumed {
            connection.exchange?.resumedHandshakes += 1
        } else if exchange.order.target.url.isSecure {
            connection.exchange?.fullHandshakes += 1
        }
        connection.openedAt = now
        connection.descriptor = dial.descriptor
        if !exchange.order.target.url.isSecure {
            connection.descriptor = dialer.release(dial)
            connection.dial = nil
        } else {
            // Before the session is touched: it goes with the connection.
            guard dial.easy.attach() else { return end(connection, .connectionReset) }
            if let tls = dial.tls {
                guard tls.adopt(dial.descriptor) else { return end(connection, .connectionReset) }
                connection.tls = tls
            }
        }
        if connection.site.key.offersHTTP2 {
            if dial.isHTTP2 { return openShared(connection) }
            stopWaiting(for: connection)
        }
        connection.stage = .busy
        guard poller.watch(connection.descriptor, for: .readable, token: connection.token) else {
            return lack(Shortage(errno) ?? .memory, connection)
        }
        switch connection.unreadInput() {
        case .none: request(connection.exchange!, on: connection)
        // Data before the request is never an answer.
        case .unrequested: end(connection, .answerMalformed)
        case .dead: end(connection, connection.breakage)
        }
    }

    func request(_ exchange: Exchange, on connection: Connection) {
        connection.exchange = exchange
        connection.parser = AnswerParser()
        connection.isCutOff = false
        connection.uses += 1
        timers.arm(connection.slot, at: exchange.deadline)
        writer.write(exchange.order) { bytes in
            switch connection.write(bytes) {
            case .bytes(bytes.count): break
            case .bytes(let count): keepUnsent(UnsafeRawBufferPointer(rebasing: bytes[count...]), connection)
            case .wouldBlock: keepUnsent(bytes, connection)
            case .lacking(let shortage): lack(shortage, connection)
            case .ended, .failed: broke(connection)
            }
        }
    }

    /// The machine has no connection, or no memory for one, to give: the delivery goes back unsent. Idle connections are
    /// closed to make room; the oldest will hardly be missed.
    func lack(_ shortage: Shortage, _ connection: Connection) {
        pause.failed(now: now)
        lastShortage = shortage
        if let exchange = connection.exchange {
            connection.exchange = nil
            ended.append(exchange.end(lacking: shortage, until: pause.until))
        }
        for exchange in takeWaiting(connection) { ended.append(exchange.end(lacking: shortage, until: pause.until)) }
        close(connection)
        for _ in 0..<Limits.idleClosedPerShortage {
            guard let idle = pool.oldestIdle else { break }
            close(idle)
        }
    }

    private func keepUnsent(_ bytes: UnsafeRawBufferPointer, _ connection: Connection) {
        connection.unsent = Array(bytes)
        connection.unsentStart = 0
        poller.watch(connection.descriptor, for: [.readable, .writable], token: connection.token)
    }

    private func sendMore(_ connection: Connection) {
        let result = connection.unsent.withUnsafeBytes {
            connection.write(UnsafeRawBufferPointer(rebasing: $0[connection.unsentStart...]))
        }
        switch result {
        case .bytes(let count): connection.unsentStart += count
        case .wouldBlock, .lacking: return
        // An answer that it sent before it closed may still be read.
        case .ended, .failed:
            connection.isCutOff = true
            connection.unsentStart = connection.unsent.count
        }
        guard !connection.hasUnsent else { return }
        connection.unsent = []
        connection.unsentStart = 0
        poller.watch(connection.descriptor, for: .readable, token: connection.token)
    }
}
