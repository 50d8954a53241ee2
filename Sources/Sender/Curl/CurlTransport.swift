import CCurl
import Scheduling
import Threading
import WebhookModel

/// HTTP attempts by libcurl: one multi handle over the owner's poller (curl_multi_socket_action(3)).
///
/// One thread owns it. In each turn it sets `now`, hands the poller's events to `ready`, and calls `run`.
final class CurlTransport: DeliveryTransport {
    let configuration: SenderConfiguration
    var sockets = SocketTable()
    private let multi: UnsafeMutableRawPointer
    private let poller: Poller
    /// Every handle, so that libcurl's pointers to them hold.
    private var handles: [CurlHandle] = []
    private var idle: [CurlHandle] = []
    private var ended: [AttemptEnd] = []
    /// When libcurl wants to be called without an event, monotonic nanoseconds.
    private(set) var deadline: Int64?
    /// The turn's time, monotonic nanoseconds: set by the owner at its beginning.
    var now: Int64 = 0

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
                CurlTransport.at(data).want(descriptor, what)
                return 0
            })
        check(ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, own))
        check(
            ccurl_multi_on_timer(multi) { _, milliseconds, data in
                CurlTransport.at(data).setTimer(milliseconds)
                return 0
            })
        // Left to itself libcurl keeps four per handle in use at the moment, and a quiet second closes them all.
        check(ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.keptConnections))
        check(ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING)))
    }

    /// Breaks off what is in flight, without a word, and closes every connection. Nothing may be called afterwards.
    func close() {
        for handle in handles where handle.order != nil { curl_multi_remove_handle(multi, handle.easy) }
        // Before the handles go: closing the pool asks the close-socket callback.
        curl_multi_cleanup(multi)
        handles = []
        idle = []
    }

    func begin(_ order: AttemptOrder) {
        let handle = idle.popLast() ?? makeHandle()
        handle.prepare(order)
        add(handle)
    }

    func collect(into ended: inout [AttemptEnd]) { swap(&self.ended, &ended) }

    /// Hands an event of the poller to libcurl.
    func ready(_ token: UInt64, _ readiness: Poller.Readiness) {
        guard let descriptor = sockets.descriptor(of: token) else { return }
        guard !sockets[descriptor].wanted.isEmpty else {
            // Between requests: the peer closed, or speaks unasked. libcurl finds out when it wants to use the
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

    /// Starts what was begun, serves libcurl's timer and gathers what ended.
    func run() {
        // Twice: an attempt that begins again on a fresh connection starts in the same turn.
        for _ in 0..<2 {
            if let due = deadline, due <= now {
                deadline = nil
                act(CURL_SOCKET_TIMEOUT, 0)
            }
            gather()
        }
    }

    var addressGuard: AddressGuard { configuration.addressGuard }

    static func at(_ data: UnsafeMutableRawPointer?) -> CurlTransport {
        Unmanaged<CurlTransport>.fromOpaque(data!).takeUnretainedValue()
    }
}

extension CurlTransport {
    private func makeHandle() -> CurlHandle {
        let handle = CurlHandle(transport: self)
        handles.append(handle)
        return handle
    }

    /// libcurl asks at once to be called (a timer of 0), and starts the transfer in `run`.
    private func add(_ handle: CurlHandle) { check(curl_multi_add_handle(multi, handle.easy)) }

    private func act(_ descriptor: CInt, _ bits: CInt) {
        var running: CInt = 0
        check(curl_multi_socket_action(multi, descriptor, bits, &running))
    }

    private func gather() {
        var code = CURLE_OK
        while let easy = ccurl_multi_next_done(multi, &code) {
            let handle = CurlHandle.at(ccurl_get_private(easy))
            curl_multi_remove_handle(multi, easy)
            if handle.mayBeginAgain {
                handle.prepareAgain()
                add(handle)
            } else if let end = handle.end(code) {
                ended.append(end)
                idle.append(handle)
            }
        }
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
        var entry = sockets[descriptor]
        entry.wanted = wanted
        // A socket at rest stays watched for reading; being writable it would report without end.
        let watch: Poller.Readiness = wanted.isEmpty ? entry.watched.intersection(.readable) : wanted
        if watch != entry.watched {
            if watch.isEmpty {
                poller.forget(descriptor)
            } else {
                poller.watch(descriptor, for: watch, token: sockets.token(of: descriptor))
            }
            entry.watched = watch
        }
        sockets[descriptor] = entry
    }

    /// Remembers when libcurl wants to be called. Called from within libcurl.
    private func setTimer(_ milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : now + Int64(milliseconds) * 1_000_000
    }

    private func check(_ code: CURLMcode) {
        precondition(code == CURLM_OK, "libcurl: \(String(cString: curl_multi_strerror(code)))")
    }
}
