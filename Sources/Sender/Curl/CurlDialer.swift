import CCurl
import Glibc
import Threading
import WebhookModel

/// Connections by libcurl: addresses, TCP, TLS with its checks. What goes over them is not its business.
///
/// One multi handle over the owner's poller (curl_multi_socket_action(3)); one thread owns it. A handle whose connection
/// has TLS stays in the multi handle for as long as the connection lives, for curl_easy_send(3) wants it there.
final class CurlDialer {
    let configuration: SenderConfiguration
    var sockets = SocketTable()
    private let multi: UnsafeMutableRawPointer
    private let poller: Poller
    /// Every handle, so that libcurl's pointers to them hold.
    private var handles: [CurlDial] = []
    private var resting: [CurlDial] = []
    /// When libcurl wants to be called without an event, monotonic nanoseconds.
    private(set) var deadline: Int64?
    /// The turn's time, monotonic nanoseconds.
    var now: Int64 = 0
    /// A socket that libcurl is to give up instead of closing.
    private var given: CInt = -1

    init(_ configuration: SenderConfiguration, poller: Poller) {
        CurlLibrary.start()
        guard let multi = curl_multi_init() else { preconditionFailure("curl_multi_init: no memory") }
        self.configuration = configuration
        self.multi = multi
        self.poller = poller
        let own = Unmanaged.passUnretained(self).toOpaque()
        check(ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, own))
        check(
            ccurl_multi_on_socket(multi) { _, descriptor, what, data, _ in
                CurlDialer.at(data).want(descriptor, what)
                return 0
            })
        check(ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, own))
        check(
            ccurl_multi_on_timer(multi) { _, milliseconds, data in
                CurlDialer.at(data).setTimer(milliseconds)
                return 0
            })
        // The pool that counts is ours; libcurl must not close a connection that it holds for us.
        check(ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Int(CInt.max)))
    }

    /// Closes everything. Nothing may be called afterwards.
    func close() {
        for dial in handles where dial.slot >= 0 { curl_multi_remove_handle(multi, dial.easy) }
        curl_multi_cleanup(multi)
        handles = []
        resting = []
    }

    /// Begins to connect; `run` tells the end.
    func dial(_ slot: Int, to target: EndpointTarget, through route: Route) -> CurlDial {
        let dial = resting.popLast() ?? makeHandle()
        dial.aim(slot, at: target, through: route)
        check(curl_multi_add_handle(multi, dial.easy))
        return dial
    }

    /// Ends a handle's connection, made or not.
    func hangUp(_ dial: CurlDial) {
        curl_multi_remove_handle(multi, dial.easy)
        dial.rest()
        resting.append(dial)
    }

    /// Gives a connection without TLS to the caller, who closes it, and lets go of the handle: libcurl has no more part in it.
    func giveUp(_ dial: CurlDial) -> CInt {
        given = dial.descriptor
        defer { given = -1 }
        let descriptor = dial.descriptor
        hangUp(dial)
        return descriptor
    }

    /// Hands an event of the poller to libcurl.
    func ready(_ token: UInt64, _ readiness: Poller.Readiness) {
        guard let descriptor = sockets.descriptor(of: token & ~ExchangeTransport.dialTag) else { return }
        var bits: CInt = 0
        if readiness.contains(.readable) { bits |= CURL_CSELECT_IN }
        if readiness.contains(.writable) { bits |= CURL_CSELECT_OUT }
        if readiness.contains(.failed) { bits |= CURL_CSELECT_ERR }
        act(descriptor, bits)
    }

    /// Starts what was begun, serves libcurl's timer, and tells which handles have connected or failed.
    func run(_ ended: (CurlDial, CURLcode) -> Void) {
        if let due = deadline, due <= now {
            deadline = nil
            act(CURL_SOCKET_TIMEOUT, 0)
        }
        var code = CURLE_OK
        while let easy = ccurl_multi_next_done(multi, &code) { ended(CurlDial.at(ccurl_get_private(easy)), code) }
    }

    static func at(_ data: UnsafeMutableRawPointer?) -> CurlDialer {
        Unmanaged<CurlDialer>.fromOpaque(data!).takeUnretainedValue()
    }
}

extension CurlDialer {
    private func makeHandle() -> CurlDial {
        let dial = CurlDial(dialer: self)
        handles.append(dial)
        return dial
    }

    private func act(_ descriptor: CInt, _ bits: CInt) {
        var running: CInt = 0
        check(curl_multi_socket_action(multi, descriptor, bits, &running))
    }

    /// Watches a socket as libcurl wants it. Called from within libcurl.
    private func want(_ descriptor: CInt, _ what: CInt) {
        let wanted: Poller.Readiness =
            switch what {
            case CURL_POLL_IN: .readable
            case CURL_POLL_OUT: .writable
            case CURL_POLL_INOUT: [.readable, .writable]
            default: []
            }
        if wanted.isEmpty {
            poller.forget(descriptor)
        } else {
            poller.watch(descriptor, for: wanted, token: ExchangeTransport.dialTag | sockets.token(of: descriptor))
        }
    }

    /// Closes a socket, or not where it was given away. Called from within libcurl.
    func close(_ descriptor: CInt) -> CInt {
        guard descriptor != given else {
            sockets.closed(descriptor)
            return 0
        }
        sockets.closing(descriptor)
        return Glibc.close(descriptor)
    }

    /// Remembers when libcurl wants to be called. Called from within libcurl.
    private func setTimer(_ milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : now + Int64(milliseconds) * 1_000_000
    }

    private func check(_ code: CURLMcode) {
        precondition(code == CURLM_OK, "libcurl: \(String(cString: curl_multi_strerror(code)))")
    }
}
