import DequeModule
package import Settings
import WebhookModel

/// What two requests must have in common to use one connection.
package struct SiteKey: Hashable {
    let isSecure: Bool
    let host: String
    let port: UInt16
    let address: IPAddress
    /// HTTP/2 is offered when a connection is opened.
    let offersHTTP2: Bool
    /// Of a connection that only some endpoints may use.
    let reservation: Reservation?

    init(
        isSecure: Bool, host: String, port: UInt16, address: IPAddress, offersHTTP2: Bool, reservation: Reservation?
    ) {
        self.offersHTTP2 = offersHTTP2
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.address = address
        self.reservation = reservation
    }

    /// A site that every endpoint may use.
    package init(isSecure: Bool, host: String, port: UInt16, address: IPAddress) {
        self.init(isSecure: isSecure, host: host, port: port, address: address, offersHTTP2: false, reservation: nil)
    }
}

/// The connections to one address that share a `SiteKey`.
package final class Site {
    let key: SiteKey
    /// Idle connections; the one used last is last.
    fileprivate(set) var idle: [Connection] = []
    /// The number of connections, in any stage.
    fileprivate(set) var connections = 0
    /// Of these, those that are being opened.
    fileprivate(set) var opening = 0
    /// Those whose exchanges wait for a connection, by slot, in order of arrival; entries that do not wait any more are
    /// passed over.
    fileprivate var waiting = Deque<Int>()
    package fileprivate(set) var waitingCount = 0
    /// The last attempt to open a connection failed.
    package var isFailing = false

    /// Connections that are open or being opened. HTTP/2: those that take requests, or may.
    package var carrying: Int { speaksHTTP2 == true ? shared.count + opening : connections - waitingCount }

    /// Whether one more may be opened now. A site that cannot be reached is found out about at once, not two by two.
    package var mayOpen: Bool {
        isFailing
            || mayOpenSlowly
                && carrying < (speaksHTTP2 == true ? Limits.freeSharedConnections : Limits.freeConnections)
    }

    /// Whether one more may be opened now for an exchange that has waited for long.
    package var mayOpenSlowly: Bool {
        opening < max(Limits.openingConnectionsLeast, connections - opening - waitingCount)
    }

    /// Idle connections on which the server sent data without a request, since the last request to the site.
    package var spokeUnasked = 0
    /// Open HTTP/2 connections that take more requests, the oldest first.
    var shared: [Connection] = []
    /// Connections that are being opened and may become HTTP/2.
    var openingShared: [Connection] = []
    /// What its server chose last; nil: not known yet.
    package var speaksHTTP2: Bool?
    /// Known to the pool: targets that remember it may use it.
    fileprivate(set) var isListed = true

    init(_ key: SiteKey) { self.key = key }

    /// No further exchange shares the connection.
    func stopSharing(_ connection: Connection) {
        shared.removeAll { $0 === connection }
        openingShared.removeAll { $0 === connection }
    }
}

/// The connections that are kept between requests: by site, and by the time they have been idle.
///
/// A connection that the receiver is about to close makes a request fail that would have succeeded on a fresh one. So
/// none is kept idle for longer than `Limits.idleConnectionMilliseconds`, none is used after being idle for as long as its
/// server said that it keeps it (`Keep-Alive`), and none after `Limits.connectionLifeMilliseconds`.
package struct ConnectionPool {
    private static let idleTime = Limits.idleConnectionMilliseconds * 1_000_000
    private static let lifeTime = Limits.connectionLifeMilliseconds * 1_000_000

    private var sites: [SiteKey: Site] = [:]
    /// Sites that lost their last connection before their `spokeUnasked` was reported, the oldest first.
    private var remembered = Deque<Site>()
    private var slots: [Connection?] = []
    private var generations: [UInt32] = []
    private var free: [Int] = []
    /// Idle connections by age: the one list is in the order in which they became idle.
    private var byAge = SlotLists(lists: 1)
    private(set) var idleCount = 0
    /// Connections that were never begun, to be used as others: no more than there were in line at a time.
    private var spare: [Connection] = []
    /// Connections on which the rest of an answer is read.
    private(set) var drainingCount = 0
    let most: Int

    /// - Parameter most: the number of idle connections that are kept.
    package init(most: Int) { self.most = most }

    /// The number of sites in memory.
    package var siteCount: Int { sites.count }

    subscript(slot: Int) -> Connection? { slot < slots.count ? slots[slot] : nil }

    /// The connection of a poller's token; nil: it is closed.
    func connection(of token: UInt64) -> Connection? {
        let slot = Int(token & 0xFF_FFFF)
        guard let connection = self[slot], connection.generation == UInt32(truncatingIfNeeded: token >> 24) else {
            return nil
        }
        return connection
    }

    package mutating func site(_ key: SiteKey) -> Site {
        if let site = sites[key] { return site }
        let site = Site(key)
        sites[key] = site
        return site
    }

    /// Adds a connection to a site. It is not open yet.
    package mutating func open(_ site: Site) -> Connection {
        // Its last connection may have been dropped since it was found.
        if !site.isListed, sites[site.key] == nil {
            sites[site.key] = site
            site.isListed = true
        }
        let slot = free.popLast() ?? slots.count
        if slot == slots.count {
            slots.append(nil)
            generations.append(0)
        }
        generations[slot] &+= 1
        let connection: Connection
        if let used = spare.popLast() {
            used.reuse(slot: slot, generation: generations[slot], site: site)
            connection = used
        } else {
            connection = Connection(slot: slot, generation: generations[slot], site: site)
        }
        slots[slot] = connection
        site.connections += 1
        return connection
    }

    /// Puts a connection at the end of those that wait to be opened.
    package mutating func wait(_ connection: Connection) {
        connection.stage = .waiting
        connection.isInLine = true
        connection.site.waiting.append(connection.slot)
        connection.site.waitingCount += 1
    }

    /// The connection of a site that waits for longest; it does not wait any more. Nil: none waits.
    package mutating func takeWaiting(_ site: Site) -> Connection? {
        while let slot = site.waiting.popFirst() {
            guard let connection = slots[slot], connection.site === site, connection.stage == .waiting,
                connection.isInLine
            else { continue }
            connection.isInLine = false
            site.waitingCount -= 1
            return connection
        }
        return nil
    }

    /// A connection is being opened.
    package mutating func beginOpening(_ connection: Connection) {
        connection.stage = .dialing
        connection.site.opening += 1
    }

    /// A connection that waits is to be opened.
    package mutating func leaveLine(_ connection: Connection) {
        guard connection.isInLine else { return }
        connection.isInLine = false
        connection.site.waitingCount -= 1
    }

    /// A connection is open, or could not be opened.
    package mutating func endOpening(_ connection: Connection) {
        guard connection.stage == .dialing else { return }
        connection.site.opening -= 1
        connection.stage = .busy
    }

    /// Removes a connection, in any stage.
    package mutating func drop(_ connection: Connection) {
        if connection.stage == .idle { leaveIdle(connection) }
        if connection.stage == .dialing { connection.site.opening -= 1 }
        if connection.stage == .draining { drainingCount -= 1 }
        if connection.stage == .waiting, connection.isInLine { connection.site.waitingCount -= 1 }
        connection.stage = .closed
        slots[connection.slot] = nil
        free.append(connection.slot)
        let site = connection.site
        site.connections -= 1
        guard site.connections == 0 else { return }
        if site.spokeUnasked == 0 { forget(site) } else { remember(site) }
    }

    /// Removes a connection that was never begun, and keeps the object.
    mutating func recycle(_ connection: Connection) {
        drop(connection)
        spare.append(connection)
    }

    /// The attempt on a connection is over, and the rest of its answer is still read.
    mutating func beginDraining(_ connection: Connection) {
        connection.stage = .draining
        drainingCount += 1
    }

    /// The answer has ended: the connection can be used again.
    mutating func endDraining(_ connection: Connection) {
        connection.stage = .busy
        drainingCount -= 1
    }

    /// Takes the idle connection of a site that was used last. It may be dead or too old: the caller checks.
    mutating func takeIdle(_ site: Site) -> Connection? {
        guard let connection = site.idle.last else { return nil }
        leaveIdle(connection)
        connection.stage = .busy
        return connection
    }

    /// Keeps a connection for its site's next request.
    package mutating func putIdle(_ connection: Connection, now: Int64) {
        connection.stage = .idle
        connection.idleSince = now
        // An HTTP/2 connection is found in `shared`, idle or not.
        if connection.session == nil {
            connection.idlePlace = connection.site.idle.count
            connection.site.idle.append(connection)
        }
        byAge.append(connection.slot, to: 0)
        idleCount += 1
    }

    /// Takes an HTTP/2 connection that has been idle back into use.
    mutating func resume(_ connection: Connection) {
        guard connection.stage == .idle else { return }
        leaveIdle(connection)
        connection.stage = .busy
    }

    /// Whether a connection in use may take another request.
    func isYoung(_ connection: Connection, now: Int64) -> Bool { now - connection.openedAt < ConnectionPool.lifeTime }

    /// Whether an idle connection may still be used.
    package func isFresh(_ connection: Connection, now: Int64) -> Bool {
        now - connection.openedAt < ConnectionPool.lifeTime
            && now - connection.idleSince < min(ConnectionPool.idleTime, connection.idleTime)
    }

    /// The idle connection to close next: too many are kept, or it has been idle for too long.
    func superfluous(now: Int64) -> Connection? {
        guard let oldest = byAge.first(of: 0), let connection = slots[oldest] else { return nil }
        return idleCount > most || now - connection.idleSince >= ConnectionPool.idleTime ? connection : nil
    }

    /// The connection that has been idle for longest; nil: none is.
    var oldestIdle: Connection? { byAge.first(of: 0).flatMap { slots[$0] } }

    /// When the oldest idle connection is too old; nil: none is idle.
    var nextTooOld: Int64? {
        byAge.first(of: 0).flatMap { slots[$0] }.map { $0.idleSince + ConnectionPool.idleTime }
    }

    var all: [Connection] { slots.compactMap(\.self) }

    private mutating func leaveIdle(_ connection: Connection) {
        let site = connection.site
        if connection.idlePlace >= 0 {
            // The last one takes its place.
            let last = site.idle.removeLast()
            if last !== connection {
                site.idle[connection.idlePlace] = last
                last.idlePlace = connection.idlePlace
            }
            connection.idlePlace = -1
        }
        byAge.remove(connection.slot)
        idleCount -= 1
    }

    /// Keeps a site without connections until its next request reports what its server sent, or until there are too
    /// many.
    private mutating func remember(_ site: Site) {
        remembered.append(site)
        guard remembered.count > Limits.rememberedSites, let oldest = remembered.popFirst() else { return }
        if oldest.connections == 0 { forget(oldest) }
    }

    private mutating func forget(_ site: Site) {
        site.isListed = false
        if sites[site.key] === site { sites[site.key] = nil }
    }
}
