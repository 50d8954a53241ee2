/// An exchange that shares its connection with others, or waits for one to be opened.
final class StreamExchange {
    /// Its place in the transport's table, and its name in the session.
    let slot: Int
    var exchange: Exchange?
    var connection: Connection?
    /// 0: the connection is not open yet.
    var stream: Int32 = 0
    /// When its request was given to the connection, monotonic nanoseconds.
    var sentAt: Int64 = 0

    init(slot: Int) { self.slot = slot }
}

/// The exchanges that share connections, and their time limits. Places are used again.
struct StreamTable {
    private var exchanges: [StreamExchange] = []
    private var free: [Int] = []
    var timers: TimerWheel

    init(now: Int64) { timers = TimerWheel(now: now) }

    subscript(slot: Int) -> StreamExchange { exchanges[slot] }

    /// Takes a place for an exchange, which ends at its deadline.
    mutating func add(_ exchange: Exchange, to connection: Connection) -> StreamExchange {
        let slot = free.popLast() ?? exchanges.count
        if slot == exchanges.count { exchanges.append(StreamExchange(slot: slot)) }
        let place = exchanges[slot]
        place.exchange = exchange
        place.connection = connection
        place.stream = 0
        timers.arm(slot, at: exchange.deadline)
        return place
    }

    /// Gives the place back.
    mutating func remove(_ place: StreamExchange) -> Exchange {
        guard let exchange = place.exchange else { preconditionFailure("an exchange ends once") }
        timers.disarm(place.slot)
        place.exchange = nil
        place.connection = nil
        free.append(place.slot)
        return exchange
    }
}
