import WebhookModel

/// A vetted address of a target, as transfers want it. Immutable.
package final class Route {
    package let address: IPAddress
    package let port: UInt16
    /// What reports show.
    package let text: String
    /// `host:port:address:port`: what libcurl is to connect to in the host's stead.
    let connectTo: String
    /// The proxy on the way, by its address; nil: none.
    let proxy: Hop?
    /// Who may use its connections; nil: whoever is led to the same address.
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

    /// `connectTo` and a NUL at most: two hosts of 253 bytes, two ports.
    static let connectToBytes = 544

    /// - Parameters:
    ///   - proxy: the address of the target's proxy, where it has one.
    package init(to target: EndpointTarget, address: IPAddress, proxy: Hop? = nil) {
        self.address = address
        port = target.url.port
        text = address.description
        self.proxy = proxy
        let host = IPAddress(target.url.host)?.inURL ?? target.url.host
        connectTo = "\(host):\(port):\(address.inURL):\(port)"
        reservation = Reservation(target, address, proxy)
    }

    /// What a socket of ours is connected to.
    var nextHop: Hop { proxy ?? Hop(address: address, port: port) }

    func leads(to address: IPAddress, through proxy: Hop?) -> Bool { self.address == address && self.proxy == proxy }
}

/// Who may use a connection that is not like all others: one that shows a client certificate, trusts other authorities, pins a key,
/// speaks HTTP/2 or goes through a proxy.
///
/// libcurl compares most of these itself before it uses a connection again, but not a client's private key (7.88), and it knows no
/// endpoints. So each such connection is marked, and held against the attempt before each request.
///
/// Equal by value: a route that is made anew to the same place leads over the same connections.
final class Reservation: Hashable {
    /// Nil: the server's proxy alone makes it special.
    private let endpoint: EndpointNumber?
    private let connection: EndpointConnection?
    private let hops: [Route.Hop]

    /// Nil where any endpoint may use the connection.
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

    /// What differs mostly; certificates are compared, not hashed.
    func hash(into hasher: inout Hasher) {
        hasher.combine(endpoint)
        hasher.combine(hops)
    }
}

extension AddressGuard {
    /// Whether a socket of an attempt may be connected to this address: it must be the one that was vetted for it, or its proxy's, and
    /// the guard and the endpoint's own rules must still let it pass.
    func allows(socketTo address: IPAddress, for target: EndpointTarget, through route: Route) -> Bool {
        guard allows(route.address, port: route.port, under: target.rules) else { return false }
        guard let proxy = route.proxy else { return address == route.address }
        return address == proxy.address && allowsProxy(address, port: proxy.port)
    }
}
