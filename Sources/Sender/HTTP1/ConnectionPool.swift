/// What two requests must share to use one connection.
struct SiteKey: Hashable {
    let isSecure: Bool
    let host: String
    let port: UInt16
    let address: IPAddress
    /// Of connections that are not like all others.
    let reservation: Reservation?
}

/// Connections to one place that wait for the next request, the latest used last.
final class Site {
    let key: SiteKey
    fileprivate(set) var idle: [Connection] = []
    /// Connections of it, idle or not.
    fileprivate(set) var connections = 0
    /// Idle connections on which the peer spoke unasked, since the last request to the site.
    var spokeUnasked = 0
    /// Known to the pool: targets that remember it may use it.
    fileprivate(set) var isListed = true

    init(_ key: SiteKey) { self.key = key }
}

/// The connections that are kept between requests: by site, and by how long they have been idle.
///
/// A connection that the receiver is about to close makes a request fail that would have gone through on a fresh one: so
/// none is kept idle for longer than 30 s, and none is used after 5 minutes.
struct ConnectionPool {
    static let idleNanoseconds: Int64 = 30_000_000_000
    static let lifeNanoseconds: Int64 = 300_000_000_000

    private var sites: [SiteKey: Site] = [:]
    private var slots: [Connection?] = []
    private var generations: [UInt32] = []
    private var free: [Int] = []
    /// Idle connections by age: the one list is in the order in which they became idle.
    private var byAge = SlotLists(lists: 1)
    private(set) var idleCount = 0
    let most: Int

    /// - Parameter most: connections kept idle.
    init(most: Int) { self.most = most }

    /// Connections in all.
    var count: Int { slots.count - free.count }

    subscript(slot: Int) -> Connection? { slot < slots.count ? slots[slot] : nil }

    /// The connection that a poller's token means; nil: it is gone.
    func connection(of token: UInt64) -> Connection? {
        let slot = Int(token & 0xFF_FFFF)
        guard let connection = self[slot], connection.generation == UInt32(truncatingIfNeeded: token >> 24) else {
            return nil
        }
        return connection
    }

    mutating func site(_ key: SiteKey) -> Site {
        if let site = sites[key] { return site }
        let site = Site(key)
        sites[key] = site
        return site
    }

    /// A new connection of a site, not yet made.
    mutating func open(_ site: Site) -> Connection {
        let slot = free.popLast() ?? slots.count
        if slot == slots.count {
            slots.append(nil)
            generations.append(0)
        }
        generations[slot] &+= 1
        let connection = Connection(slot: slot, generation: generations[slot], site: site)
        slots[slot] = connection
        site.connections += 1
        return connection
    }

    /// Forgets a connection, idle or not.
    mutating func drop(_ connection: Connection) {
        if connection.stage == .idle { leaveIdle(connection) }
        connection.stage = .closed
        slots[connection.slot] = nil
        free.append(connection.slot)
        let site = connection.site
        site.connections -= 1
        // What it has to tell the next request outlives its last connection.
        if site.connections == 0, site.spokeUnasked == 0 {
            site.isListed = false
            if sites[site.key] === site { sites[site.key] = nil }
        }
    }

    /// The idle connection of a site that was used last. It may be dead or too old: the caller looks.
    mutating func takeIdle(_ site: Site) -> Connection? {
        guard let connection = site.idle.last else { return nil }
        leaveIdle(connection)
        connection.stage = .busy
        return connection
    }

    /// Keeps a connection for its site's next request.
    mutating func putIdle(_ connection: Connection, now: Int64) {
        connection.stage = .idle
        connection.idleSince = now
        connection.idlePlace = connection.site.idle.count
        connection.site.idle.append(connection)
        byAge.append(connection.slot, to: 0)
        idleCount += 1
    }

    /// The idle connection to close next: too many are kept, or it has been idle for too long.
    func superfluous(now: Int64) -> Connection? {
        guard let oldest = byAge.first(of: 0), let connection = slots[oldest] else { return nil }
        return idleCount > most || now - connection.idleSince >= ConnectionPool.idleNanoseconds ? connection : nil
    }

    /// When the oldest idle connection is too old; nil: none is idle.
    var nextTooOld: Int64? {
        byAge.first(of: 0).flatMap { slots[$0] }.map { $0.idleSince + ConnectionPool.idleNanoseconds }
    }

    var all: [Connection] { slots.compactMap(\.self) }

    private mutating func leaveIdle(_ connection: Connection) {
        let site = connection.site
        // The last one takes its place.
        let last = site.idle.removeLast()
        if last !== connection {
            site.idle[connection.idlePlace] = last
            last.idlePlace = connection.idlePlace
        }
        connection.idlePlace = -1
        byAge.remove(connection.slot)
        idleCount -= 1
    }
}
