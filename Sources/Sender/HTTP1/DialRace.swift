/// Connections to several addresses of one name that are opened for one exchange: the first that is open serves it
/// (RFC 8305). One thread owns it.
final class DialRace {
    /// Connections that are being opened, in the order in which they began. One of them has the exchange.
    var runners: [Connection]
    /// Addresses that were not tried, the next first.
    var untried: ArraySlice<Route>
    /// When the next one is tried if nothing has connected, monotonic nanoseconds.
    var nextAt: Int64

    init(_ first: Connection, untried: [Route], nextAt: Int64) {
        runners = [first]
        self.untried = untried[...]
        self.nextAt = nextAt
    }

    /// The connection that has the exchange.
    var holder: Connection? { runners.first { $0.exchange != nil } }
}
