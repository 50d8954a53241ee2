import CCurl
import DequeModule
import Settings
import WebhookModel

/// Where one server's TLS session is kept: the next connection to it continues the session and needs no full handshake.
///
/// OpenSSL puts each newer session into it (`ccurl_keep_session`). It lives as long as a connection that may do so.
final class TLSShelf {
    let pointer: UnsafeMutablePointer<ccurl_shelf>
    /// When the server's certificate was last checked, monotonic nanoseconds.
    private var certifiedAt = Int64.min

    private static let time = Limits.tlsSessionMilliseconds * 1_000_000

    init() {
        guard let pointer = ccurl_shelf_new() else { preconditionFailure("ccurl_shelf_new: no memory") }
        self.pointer = pointer
    }

    deinit { ccurl_shelf_release(pointer) }

    /// A full handshake succeeded: the server's certificate is good.
    func certified(now: Int64) { certifiedAt = now }

    /// Whether it has a session, and the certificate was checked recently enough to go on without another check.
    func isUsable(now: Int64) -> Bool { pointer.pointee.session != nil && certifiedAt > now - TLSShelf.time }

    func clear() { ccurl_shelf_clear(pointer) }
}

/// The TLS sessions of a sender, by server. One thread owns it.
///
/// A session is a server's proof of its certificate, under the settings of an endpoint: so endpoints share one only if they
/// would share a connection (`Reservation`). The address does not matter: the hosts behind a name usually know each other's
/// sessions, and one that does not makes a full handshake.
struct TLSSessionStore {
    private struct Key: Hashable {
        let host: String
        let port: UInt16
        let reservation: Reservation?
    }

    private var shelves: [Key: TLSShelf] = [:]
    /// In the order in which they were added.
    private var order = Deque<Key>()

    /// The shelf of a target's server; nil: its sessions are not kept.
    mutating func shelf(for target: EndpointTarget, through route: Route) -> TLSShelf? {
        // A session is found by the certificate, not by the key: continuing one would not prove possession of the key.
        guard target.url.isSecure, target.endpoint.settings.connection?.identity == nil else { return nil }
        let key = Key(host: target.url.host, port: target.url.port, reservation: route.reservation)
        if let shelf = shelves[key] { return shelf }
        let shelf = TLSShelf()
        shelves[key] = shelf
        order.append(key)
        if order.count > Limits.tlsSessions { shelves[order.removeFirst()] = nil }
        return shelf
    }
}
