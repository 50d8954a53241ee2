import CCurl
import Glibc
import Settings
import Threading
import WebhookModel

/// One libcurl multi handle over the owner's poller (curl_multi_socket_action(3)): its sockets, its timer, its results.
///
/// One thread owns it. In each turn the owner sets `now`, hands the poller's events to `ready`, calls `serveTimer`, and
/// takes what ended with `nextEnded`. libcurl keeps unretained pointers to it, so it must live until `close`.
final class CurlMulti {
    let configuration: SenderConfiguration
    var sockets = SocketTable()
    private let multi: UnsafeMutableRawPointer
    private let poller: Poller
    private let mark: UInt64
    /// When libcurl wants to be called without an event, monotonic nanoseconds.
    private(set) var deadline: Int64?
    /// The turn's time, monotonic nanoseconds.
    var now: Int64
    /// A socket that libcurl must not close; -1: none.
    private var released: CInt = -1

    /// - Parameters:
    ///   - mark: `TokenMark` of its sockets in the poller.
    ///   - keptConnections: connections that libcurl keeps between transfers.
    ///   - now: monotonic nanoseconds.
    init(_ configuration: SenderConfiguration, poller: Poller, mark: UInt64, keptConnections: Int, now: Int64) {
        CurlLibrary.start()
        guard let multi = curl_multi_init() else { preconditionFailure("curl_multi_init: no memory") }
        self.configuration = configuration
        self.multi = multi
        self.poller = poller
        self.mark = mark
        self.now = now
        let own = Unmanaged.passUnretained(self).toOpaque()
        check(ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, own))
        check(
            ccurl_multi_on_socket(multi) { _, descriptor, what, data, _ in
                CurlMulti.at(data).want(descriptor, what)
                return 0
            })
        check(ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, own))
        check(
            ccurl_multi_on_timer(multi) { _, milliseconds, data in
                CurlMulti.at(data).setTimer(milliseconds)
                return 0
            })
        check(ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, keptConnections))
        check(ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING)))
    }

    /// Closes every connection of handles that were removed. Nothing may be called afterwards; easy handles must still
    /// exist, because libcurl calls their close-socket callbacks.
    func close() { curl_multi_cleanup(multi) }

    /// Starts a handle. libcurl asks at once to be called (a timer of 0), and begins in `serveTimer`.
    func add(_ easy: CurlEasy) { check(curl_multi_add_handle(multi, easy.pointer)) }

    func remove(_ easy: CurlEasy) { curl_multi_remove_handle(multi, easy.pointer) }

    /// Removes a handle but leaves its socket open: the caller owns it from now on.
    func remove(_ easy: CurlEasy, releasing descriptor: CInt) {
        released = descriptor
        remove(easy)
        released = -1
    }

    /// Hands an event of the poller to libcurl.
    func ready(_ token: UInt64, _ readiness: Poller.Readiness) {
        guard let descriptor = sockets.descriptor(of: token & ~mark) else { return }
        guard !sockets[descriptor].wanted.isEmpty else {
            // Between requests: the peer closed, or sends without a request. libcurl finds out when it wants to use the
            // connection again.
            poller.forget(descriptor)
            sockets[descriptor].watched = []
            return
        }
        var bits: CInt = 0
        if readiness.contains(.readable) { bits |= CURL_CSELECT_IN }
        if readiness.contains(.writable) { bits |= CURL_CSELECT_OUT }
        if readiness.contains(.failed) { bits |= CURL_CSELECT_ERR }
        act(descriptor, bits)
    }

    /// Calls libcurl if its timer is due. What was added starts here.
    func serveTimer() {
        guard let due = deadline, due <= now else { return }
        deadline = nil
        act(CURL_SOCKET_TIMEOUT, 0)
    }

    /// A transfer that ended: what CURLOPT_PRIVATE of its handle holds, and how it ended. Call until nil.
    func nextEnded() -> (owner: UnsafeMutableRawPointer?, code: CURLcode)? {
        var code = CURLE_OK
        guard let easy = ccurl_multi_next_done(multi, &code) else { return nil }
        return (ccurl_get_private(easy), code)
    }

    static func at(_ data: UnsafeMutableRawPointer?) -> CurlMulti {
        Unmanaged<CurlMulti>.fromOpaque(data!).takeUnretainedValue()
    }
}

// What libcurl asks while it runs. None of these may call libcurl.
extension CurlMulti {
    /// How opening a socket ended.
    enum Opening {
        case opened(CInt)
        /// The guard refused the address.
        case forbidden
        /// The system refused; errno(3).
        case failed(CInt)
    }

    /// Opens a socket to an address, if that is the one which was vetted for this attempt.
    func openSocket(
        _ peer: UnsafeMutablePointer<curl_sockaddr>, for target: EndpointTarget, through route: Route
    ) -> Opening {
        // The address is longer than its C type says, so it is read in place.
        let start = UnsafeRawPointer(peer) + MemoryLayout<curl_sockaddr>.offset(of: \.addr)!
        guard let address = IPAddress(start.assumingMemoryBound(to: sockaddr.self)),
            configuration.addressGuard.allows(socketTo: address, for: target, through: route)
        else { return .forbidden }
        let type = peer.pointee.socktype | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(peer.pointee.family, type, peer.pointee.protocol)
        guard descriptor >= 0 else { return .failed(errno) }
        sockets.opened(descriptor)
        return .opened(descriptor)
    }

    /// Closes a socket, unless it was released.
    func closeSocket(_ descriptor: CInt) -> CInt {
        guard descriptor != released else {
            sockets.closed(descriptor)
            return 0
        }
        sockets.closing(descriptor)
        return Glibc.close(descriptor)
    }

    /// Watches a socket as libcurl wants it.
    private func want(_ descriptor: CInt, _ what: CInt) {
        let wanted: Poller.Readiness =
            switch what {
            case CURL_POLL_IN: .readable
            case CURL_POLL_OUT: .writable
            case CURL_POLL_INOUT: [.readable, .writable]
            default: []
            }
        var entry = sockets[descriptor]
        entry.wanted = wanted
        // An idle socket stays watched for reading; watched for writing it would report without end.
        let watch = wanted.isEmpty ? entry.watched.intersection(.readable) : wanted
        if watch != entry.watched {
            if watch.isEmpty {
                poller.forget(descriptor)
            } else {
                poller.watch(descriptor, for: watch, token: mark | sockets.token(of: descriptor))
            }
            entry.watched = watch
        }
        sockets[descriptor] = entry
    }

    /// Remembers when libcurl wants to be called.
    private func setTimer(_ milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : now + Int64(milliseconds) * 1_000_000
    }

    private func act(_ descriptor: CInt, _ bits: CInt) {
        var running: CInt = 0
        check(curl_multi_socket_action(multi, descriptor, bits, &running))
    }

    private func check(_ code: CURLMcode) {
        precondition(code == CURLM_OK, "libcurl: \(String(cString: curl_multi_strerror(code)))")
    }
}
