import CCurl
import Settings
import WebhookModel

/// One libcurl handle that opens a connection and sends nothing on it (CURLOPT_CONNECT_ONLY(3)).
final class CurlDial {
    let easy: CurlEasy
    private let multi: CurlMulti
    /// The slot of the connection that it opens; -1: none.
    private(set) var slot = -1
    private var target: EndpointTarget?
    private(set) var route: Route?
    /// The open socket; -1: none.
    private(set) var descriptor: CInt = -1
    /// The guard refused the address.
    private(set) var isForbidden = false
    /// errno of socket(2), where it failed.
    private var openError: CInt = 0
    /// Of an open connection with TLS; nil: libcurl reads and writes it.
    private(set) var tls: TLSSession?
    /// The server chose HTTP/2.
    private(set) var isHTTP2 = false
    /// TLS continued a session.
    private(set) var isResumed = false
    /// TLS was to continue one.
    private(set) var offersSession = false
    private var shelf: TLSShelf?

    init(_ multi: CurlMulti) {
        self.multi = multi
        easy = CurlEasy(multi)
        let own = Unmanaged.passUnretained(self).toOpaque()
        easy.setOwner(own)
        easy.set(CURLOPT_CONNECT_ONLY, 1)
        // We read for ourselves; the default is 16 KiB for each kept connection, this is libcurl's least.
        easy.set(CURLOPT_BUFFERSIZE, 1_024)
        // Its connections are never used again by libcurl: it need not look among those to the same host.
        easy.set(CURLOPT_FRESH_CONNECT, 1)
        setCallbacks(own)
    }

    /// - Parameter shelf: where the server's TLS session is kept; nil: nowhere.
    func aim(
        _ slot: Int, at target: EndpointTarget, through route: Route, offeringHTTP2: Bool, shelf: TLSShelf?
    ) {
        self.slot = slot
        self.target = target
        self.route = route
        descriptor = -1
        isForbidden = false
        openError = 0
        tls = nil
        isHTTP2 = false
        isResumed = false
        self.shelf = shelf
        offersSession = shelf?.isUsable(now: multi.now) ?? false
        easy.offer(http2: offeringHTTP2, shelf: shelf, resume: offersSession)
        easy.aim(at: target)
        easy.lead(through: route, to: target)
    }

    /// The handle left the multi handle.
    func rest() {
        slot = -1
        target = nil
        route = nil
        descriptor = -1
        tls = nil
        easy.offer(http2: false, shelf: nil, resume: false)
        shelf = nil
    }

    /// TLS failed: it may be because of the session, so the next connection continues none.
    func forgetSession() {
        if reachedPeer { shelf?.clear() }
    }

    /// Whether TCP has connected.
    var reachedPeer: Bool { descriptor >= 0 && multi.sockets.reachedPeer(descriptor) }

    /// Whether another address of the name may work where this one failed.
    func isOfAddress(_ code: CURLcode) -> Bool { !isForbidden && cause(code).isOfAddress }

    /// The outcome of a connection that could not be opened; nil code: the attempt's time was over.
    func failure(_ code: CURLcode?) -> Outcome {
        isForbidden ? .addressForbidden : cause(code).outcome
    }

    /// What the machine lacked for the connection; nil: its failure has another cause.
    func shortage(_ code: CURLcode) -> Shortage? { isForbidden ? nil : cause(code).shortage }

    private func cause(_ code: CURLcode?) -> DialFailure {
        var failure = DialFailure(
            code: code ?? CURLE_OPERATION_TIMEDOUT,
            systemError: CInt(truncatingIfNeeded: easy.number(CURLINFO_OS_ERRNO)),
            verification: easy.number(CURLINFO_SSL_VERIFYRESULT), tunnel: easy.number(CURLINFO_HTTP_CONNECTCODE),
            isSecure: target?.url.isSecure ?? false, isProxied: route?.proxy != nil, reachedPeer: reachedPeer)
        failure.openError = openError
        failure.hasOwnAuthorities = target?.endpoint.settings.connection?.authorities != nil
        failure.isIPv6 = route?.nextHop.address.family == .v6
        return failure
    }

    /// The time that libcurl took for address, TCP and TLS.
    func phases() -> AttemptPhases {
        var phases = easy.phases()
        phases.firstByte = 0
        phases.total = 0
        return phases
    }

    private func setCallbacks(_ own: UnsafeMutableRawPointer) {
        easy.check(ccurl_on_open_socket(easy.pointer) { data, _, peer in CurlDial.at(data).openSocket(peer!) })
        easy.set(CURLOPT_OPENSOCKETDATA, own)
        easy.check(
            ccurl_on_request(easy.pointer) { data, remote, _, remotePort, _ in
                CurlDial.at(data).mayUse(remote, remotePort) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            })
        easy.set(CURLOPT_PREREQDATA, own)
    }

    static func at(_ data: UnsafeMutableRawPointer?) -> CurlDial {
        Unmanaged<CurlDial>.fromOpaque(data!).takeUnretainedValue()
    }
}

// What libcurl asks while it connects. None of these may call libcurl, except for what curl_easy_getinfo(3) tells.
extension CurlDial {
    /// - Returns: the descriptor, or CURL_SOCKET_BAD.
    private func openSocket(_ peer: UnsafeMutablePointer<curl_sockaddr>) -> CInt {
        guard let target, let route else { preconditionFailure("a handle without a target does not connect") }
        switch multi.openSocket(peer, for: target, through: route) {
        case .opened(let opened):
            descriptor = opened
            return opened
        case .forbidden: isForbidden = true
        case .failed(let code): openError = code
        }
        return CURL_SOCKET_BAD
    }

    /// Whether the connection leads to the vetted address: the last check before it is handed over.
    private func mayUse(_ remote: UnsafePointer<CChar>?, _ port: CInt) -> Bool {
        guard let target, let route, let remote, let address = IPAddress(cString: remote),
            multi.configuration.addressGuard.allows(socketTo: address, for: target, through: route),
            port == CInt(route.nextHop.port)
        else {
            isForbidden = true
            return false
        }
        if target.url.isSecure, multi.configuration.takesSessions { tls = TLSSession(of: easy) }
        isHTTP2 = target.url.isSecure && easy.choseHTTP2
        isResumed = target.url.isSecure && easy.hasResumed
        if !isResumed { shelf?.certified(now: multi.now) }
        return true
    }
}
