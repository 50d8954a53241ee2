package import Settings
import WebhookModel

/// A vetted address of a target, in the form that libcurl needs. Immutable.
package final class Route {
    package let address: IPAddress
    package let port: UInt16
    /// Routes to the target's other vetted addresses, in the order in which they are tried. These have none themselves.
    package let others: [Route]
    /// The address as reports show it.
    package let text: String
    /// `host:port:address:port`: libcurl connects to the address instead of the host (CURLOPT_CONNECT_TO).
    let connectTo: String
    /// The proxy, by its address; nil: none.
    let proxy: Hop?
    /// The only user of its connections; nil: everybody who connects to the same address.
    let reservation: Reservation?

    /// An address and port that a socket is connected to.
    package struct Hop: Hashable {
        package let address: IPAddress
        package let port: UInt16

        package init(address: IPAddress, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// What an address is remembered by when it cannot be reached.
    struct Way: Hashable {
        let address: IPAddress
        let port: UInt16
        let proxy: Hop?
    }

    /// The most bytes of `connectTo` with a NUL: two hosts of 253 bytes, two ports.
    static let connectToBytes = 544

    /// - Parameters:
    ///   - proxy: the address of the target's proxy, if it has one.
    ///   - others: routes to the same target by other addresses.
    package init(to target: EndpointTarget, address: IPAddress, proxy: Hop? = nil, others: [Route] = []) {
        self.address = address
        self.others = others
        port = target.url.port
        text = address.description
        self.proxy = proxy
        let host = IPAddress(target.url.host)?.inURL ?? target.url.host
        connectTo = "\(host):\(port):\(address.inURL):\(port)"
        reservation = Reservation(target, address, proxy)
    }

    /// The address that our socket is connected to.
    var nextHop: Hop { proxy ?? Hop(address: address, port: port) }

    var way: Way { Way(address: address, port: port, proxy: proxy) }

    /// Every route to the target, this one first.
    var all: [Route] { [self] + others }

    /// Whether it and `others` are these ways, in this order.
    func leads(_ ways: [(address: IPAddress, proxy: Hop?)]) -> Bool {
        ways.count == others.count + 1
            && zip(all, ways).allSatisfy { $0.address == $1.address && $0.proxy == $1.proxy }
    }

    /// The route to a target by these ways, of which there is at least one.
    static func along(_ ways: [(address: IPAddress, proxy: Hop?)], to target: EndpointTarget) -> Route {
        let others = ways.dropFirst().map { Route(to: target, address: $0.address, proxy: $0.proxy) }
        return Route(to: target, address: ways[0].address, proxy: ways[0].proxy, others: others)
    }
}

extension [IPAddress] {
    /// The order in which they are tried: IPv6 and IPv4 in turns, beginning with the resolver's first (RFC 8305, 4). So a
    /// family that does not work costs one try.
    package func interleaved() -> [IPAddress] {
        guard let first, contains(where: { $0.family != first.family }) else { return self }
        let (same, other) = (filter { $0.family == first.family }, filter { $0.family != first.family })
        var ordered: [IPAddress] = []
        for index in 0..<Swift.max(same.count, other.count) {
            if index < same.count { ordered.append(same[index]) }
            if index < other.count { ordered.append(other[index]) }
        }
        return ordered
    }
}

/// The only user of a connection with settings of its own: a client certificate, other authorities, a pinned key or a
/// proxy.
///
/// libcurl compares most of these itself before it uses a connection again, but not a client's private key (7.88), and
/// it does not know endpoints. So each such connection is marked, and compared with the attempt before each request.
///
/// Compared by value: a new route to the same address uses the same connections.
final class Reservation: Hashable {
    /// Nil: only the server's proxy sets it apart.
    private let endpoint: EndpointNumber?
    private let connection: EndpointConnection?
    private let hops: [Route.Hop]

    /// Nil if any endpoint may use the connection.
    init?(_ target: EndpointTarget, _ address: IPAddress, _ proxy: Route.Hop?) {
        let own = target.endpoint.settings.connection.flatMap { $0.isOfItsOwn ? $0 : nil }
        guard own != nil || proxy != nil else { return nil }
        endpoint = own == nil ? nil : target.endpoint.number
        connection = own
        hops = [Route.Hop(address: address, port: target.url.port)] + (proxy.map { [$0] } ?? [])
    }

    static func == (one: Reservation, other: Reservation) -> Bool {
        one === other
            || (one.endpoint == other.endpoint && one.hops == other.hops && one.connection == other.connection)
    }

    /// Certificates are compared, not hashed: the rest differs often enough.
    func hash(into hasher: inout Hasher) {
        hasher.combine(endpoint)
        hasher.combine(hops)
    }
}

extension AddressGuard {
    /// Whether a socket of an attempt may be connected to this address: it must be the vetted one, or its proxy's, and
    /// the guard and the endpoint's own rules must still allow it.
    func allows(socketTo address: IPAddress, for target: EndpointTarget, through route: Route) -> Bool {
        guard allows(route.address, port: route.port, under: target.rules) else { return false }
        guard let proxy = route.proxy else { return address == route.address }
        return address == proxy.address && allowsProxy(address, port: proxy.port)
    }
}
