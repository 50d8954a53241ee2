import CCurl
import Glibc
import WebhookModel

/// One libcurl handle that makes a connection and sends nothing on it (CURLOPT_CONNECT_ONLY(3)).
final class CurlDial {
    let easy: UnsafeMutableRawPointer
    unowned(unsafe) let dialer: CurlDialer
    /// Whom the dialer tells the end.
    private(set) var slot = -1
    private var target: EndpointTarget?
    private var route: Route?
    private var options: ConnectionOptions
    /// The open socket; -1: none.
    private(set) var descriptor: CInt = -1
    /// The guard refused the address.
    private(set) var isForbidden = false
    private let connectTo: UnsafeMutablePointer<curl_slist>
    private let connectToText: UnsafeMutableBufferPointer<CChar>

    init(dialer: CurlDialer) {
        guard let easy = curl_easy_init() else { preconditionFailure("curl_easy_init: no memory") }
        self.easy = easy
        self.dialer = dialer
        connectTo = .allocate(capacity: 1)
        connectToText = .allocate(capacity: Route.connectToBytes)
        connectTo.initialize(to: curl_slist(data: connectToText.baseAddress, next: nil))
        options = ConnectionOptions(easy, authoritiesFile: dialer.configuration.authoritiesFile)
        setFixedOptions(dialer.configuration)
    }

    /// The handle must have left the multi handle.
    deinit {
        curl_easy_cleanup(easy)
        connectTo.deallocate()
        connectToText.deallocate()
    }

    func aim(_ slot: Int, at target: EndpointTarget, through route: Route) {
        self.slot = slot
        self.target = target
        self.route = route
        descriptor = -1
        isForbidden = false
        check(ccurl_set_url(easy, target.url.url.handle))
        let text = route.connectTo.utf8CString
        precondition(text.count <= connectToText.count, "a host name is at most 253 bytes")
        _ = connectToText.update(fromContentsOf: text)
        check(ccurl_set_list(easy, CURLOPT_CONNECT_TO, connectTo))
        options.turn(to: target, through: route)
    }

    /// The handle left the multi handle.
    func rest() {
        slot = -1
        target = nil
        route = nil
        descriptor = -1
    }

    /// What it means that no connection came about; nil code: the attempt's time was over.
    func failure(_ code: CURLcode?) -> Outcome {
        guard !isForbidden else { return .addressForbidden }
        func number(_ info: CURLINFO) -> Int {
            var value = 0
            ccurl_get_long(easy, info, &value)
            return value
        }
        let reachedPeer = descriptor >= 0 && dialer.sockets.reachedPeer(descriptor)
        let failure = TransferFailure(
            code: code ?? CURLE_OPERATION_TIMEDOUT, systemError: CInt(truncatingIfNeeded: number(CURLINFO_OS_ERRNO)),
            verification: number(CURLINFO_SSL_VERIFYRESULT), tunnel: number(CURLINFO_HTTP_CONNECTCODE),
            isSecure: target?.url.isSecure ?? false, isProxied: route?.proxy != nil, wasSent: false, wasAnswered: false,
            reachedPeer: reachedPeer)
        return failure.outcome
    }

    /// How long libcurl took for address, TCP and TLS.
    func phases() -> AttemptPhases {
        func microseconds(_ info: CURLINFO) -> UInt32 {
            var value: curl_off_t = 0
            ccurl_get_offset(easy, info, &value)
            return UInt32(clamping: value)
        }
        var phases = AttemptPhases()
        phases.resolved = microseconds(CURLINFO_NAMELOOKUP_TIME_T)
        phases.connected = microseconds(CURLINFO_CONNECT_TIME_T)
        phases.secured = microseconds(CURLINFO_APPCONNECT_TIME_T)
        return phases
    }

    private func setFixedOptions(_ configuration: SenderConfiguration) {
        let own = Unmanaged.passUnretained(self).toOpaque()
        set(CURLOPT_CONNECT_ONLY, 1)
        check(ccurl_set_pointer(easy, CURLOPT_PRIVATE, own))
        // No signals for timeouts: other threads would get them.
        set(CURLOPT_NOSIGNAL, 1)
        setText(CURLOPT_PROTOCOLS_STR, configuration.allowHTTP ? "http,https" : "https")
        // An empty proxy switches off the environment's.
        setText(CURLOPT_PROXY, "")
        setText(CURLOPT_NOPROXY, "*")
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(configuration.connectMilliseconds))
        // We read for ourselves; the default is 16 KiB for each kept connection.
        set(CURLOPT_BUFFERSIZE, 1_024)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        setCallbacks(own)
    }

    private func setCallbacks(_ own: UnsafeMutableRawPointer) {
        check(ccurl_on_open_socket(easy) { data, _, peer in CurlDial.at(data).openSocket(peer!) })
        check(ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, own))
        check(ccurl_on_close_socket(easy) { data, descriptor in CurlDialer.at(data).close(descriptor) })
        check(ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(dialer).toOpaque()))
        check(
            ccurl_on_request(easy) { data, remote, _, remotePort, _ in
                CurlDial.at(data).mayUse(remote, remotePort) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            })
        check(ccurl_set_pointer(easy, CURLOPT_PREREQDATA, own))
    }

    static func at(_ data: UnsafeMutableRawPointer?) -> CurlDial {
        Unmanaged<CurlDial>.fromOpaque(data!).takeUnretainedValue()
    }

    private func set(_ option: CURLoption, _ value: Int) { check(ccurl_set_long(easy, option, value)) }
    private func setText(_ option: CURLoption, _ value: String) { check(ccurl_set_text(easy, option, value)) }

    /// An option that libcurl does not know or has no memory for: the process cannot send as it must.
    private func check(_ code: CURLcode) {
        precondition(code == CURLE_OK, "curl_easy_setopt: \(String(cString: curl_easy_strerror(code)))")
    }
}

// What libcurl asks while it connects. None of these may call libcurl.
extension CurlDial {
    /// Opens a socket to an address, if that is the one which was vetted for this attempt.
    ///
    /// - Returns: the descriptor, or CURL_SOCKET_BAD.
    private func openSocket(_ peer: UnsafeMutablePointer<curl_sockaddr>) -> CInt {
        // The address is longer than its C type says, so it is read from where it lies.
        let start = UnsafeRawPointer(peer) + MemoryLayout<curl_sockaddr>.offset(of: \.addr)!
        let address = IPAddress(start.assumingMemoryBound(to: sockaddr.self))
        guard let address, mayConnect(to: address) else {
            isForbidden = true
            return CURL_SOCKET_BAD
        }
        let type = peer.pointee.socktype | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        descriptor = socket(peer.pointee.family, type, peer.pointee.protocol)
        guard descriptor >= 0 else { return CURL_SOCKET_BAD }
        dialer.sockets.opened(descriptor)
        return descriptor
    }

    /// Whether the connection stands where it should: the last look before it is handed over.
    private func mayUse(_ remote: UnsafePointer<CChar>?, _ port: CInt) -> Bool {
        guard let route, let remote, let address = IPAddress(cString: remote), mayConnect(to: address),
            port == CInt(route.nextHop.port)
        else {
            isForbidden = true
            return false
        }
        return true
    }

    private func mayConnect(to address: IPAddress) -> Bool {
        guard let target, let route else { return false }
        return dialer.configuration.addressGuard.allows(socketTo: address, for: target, through: route)
    }
}
