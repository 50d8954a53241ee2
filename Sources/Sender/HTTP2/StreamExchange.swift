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
    /// The attempt is over, and the rest of its answer is still read.
    fileprivate(set) var isDraining = false

    init(slot: Int) { self.slot = slot }
}

/// The exchanges that share connections, and their time limits. Places are used again.
struct StreamTable {
    private var exchanges: [StreamExchange] = []
    private var free: [Int] = []
    var timers: TimerWheel
    /// Places whose attempts are over.
    private(set) var drainingCount = 0

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

    /// Takes the exchange, which is over, and keeps the place until its stream ends, or until this time.
    mutating func drain(_ place: StreamExchange, until deadline: Int64) -> Exchange {
        guard let exchange = place.exchange else { preconditionFailure("an exchange ends once") }
        place.exchange = nil
        place.isDraining = true
        drainingCount += 1
        timers.disarm(place.slot)
        timers.arm(place.slot, at: deadline)
        return exchange
    }

    /// Gives back the place of an exchange that was over before its stream.
    mutating func endDraining(_ place: StreamExchange) {
        timers.disarm(place.slot)
        place.isDraining = false
        place.connection = nil
        drainingCount -= 1
        free.append(place.slot)
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
