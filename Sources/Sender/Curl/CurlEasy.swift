import CCurl
import Settings
import WebhookModel

/// One libcurl easy handle: its options, and what it measured.
///
/// Sets what is the same for all connections. libcurl keeps pointers to the list below, so the handle must
/// have left the multi handle before this object is released.
final class CurlEasy {
    let pointer: UnsafeMutableRawPointer
    private var options: ConnectionOptions
    /// What the next connection offers by TLS. Read by libcurl when it begins one.
    private let plan: UnsafeMutablePointer<ccurl_tls_plan>
    /// The one node of the CURLOPT_CONNECT_TO list, and its text.
    private let connectTo: UnsafeMutablePointer<curl_slist>
    private let connectToText: UnsafeMutableBufferPointer<CChar>

    init(_ multi: CurlMulti) {
        guard let pointer = curl_easy_init() else { preconditionFailure("curl_easy_init: no memory") }
        self.pointer = pointer
        connectTo = .allocate(capacity: 1)
        connectToText = .allocate(capacity: Route.connectToBytes)
        connectTo.initialize(to: curl_slist(data: connectToText.baseAddress, next: nil))
        plan = .allocate(capacity: 1)
        plan.initialize(
            to: ccurl_tls_plan(http2: false, resume: false, shelf: nil, index: CurlLibrary.shelfIndex))
        options = ConnectionOptions(authoritiesFile: multi.configuration.authoritiesFile)
        options.prepare(self)
        setSharedOptions(multi)
    }

    deinit {
        curl_easy_cleanup(pointer)
        plan.deallocate()
        connectTo.deallocate()
        connectToText.deallocate()
    }

    /// Sets the URL (CURLOPT_CURLU). The parsed URL must live until the handle left the multi handle.
    func aim(at target: EndpointTarget) { check(ccurl_set_url(pointer, target.url.url.handle)) }

    /// Sets the address to connect to, and the endpoint's choices about connections.
    func lead(through route: Route, to target: EndpointTarget) {
        options.turn(self, to: target, through: route)
        let text = route.connectTo.utf8CString
        precondition(text.count <= connectToText.count, "a host name is at most 253 bytes")
        _ = connectToText.update(fromContentsOf: text)
        check(ccurl_set_list(pointer, CURLOPT_CONNECT_TO, connectTo))
    }

    /// Offers HTTP/1.1 by ALPN, and HTTP/2 if `http2` is true.
    ///
    /// - Parameters:
    ///   - shelf: where a TLS session is kept, which must live until the handle left the multi handle; nil: nowhere.
    ///   - resume: whether the session in it is continued.
    func offer(http2: Bool, shelf: TLSShelf?, resume: Bool) {
        plan.pointee.http2 = http2
        plan.pointee.resume = resume
        plan.pointee.shelf = shelf?.pointer
    }

    /// Whether a TLS session was continued. Only for the callback before the first request, as `choseHTTP2`.
    var hasResumed: Bool { ccurl_tls_resumed(pointer) }

    /// Whether the server chose HTTP/2. Only for the callback before the first request: libcurl holds the connection then.
    var choseHTTP2: Bool { ccurl_chose_http2(pointer) }

    /// Keeps the connection that it opened for it alone: libcurl closes others that it takes for idle.
    ///
    /// - Returns: false: libcurl has closed it already.
    func attach() -> Bool { ccurl_attach(pointer) }

    /// The object that `CurlMulti.nextEnded` returns.
    func setOwner(_ owner: UnsafeMutableRawPointer) { set(CURLOPT_PRIVATE, owner) }

    /// Each line is here for safety: libcurl's defaults suit a browser.
    private func setSharedOptions(_ multi: CurlMulti) {
        let configuration = multi.configuration
        // No signals for timeouts: other threads would get them.
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROTOCOLS_STR, configuration.allowHTTP ? "http,https" : "https")
        // An empty proxy switches off the environment's.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "*")
        // What is sent is ours, and so is ALPN (`offer`): libcurl must not begin an HTTP version of its own.
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(configuration.connectMilliseconds))
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        check(ccurl_plan_tls(pointer, plan))
        // Sessions are kept in `TLSSessionStore`: libcurl's own store is of one handle, and asks for no tickets of TLS 1.2.
        set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        // A connection outlives the handle that opened it, so the multi handle is told when it closes.
        check(ccurl_on_close_socket(pointer) { data, descriptor in CurlMulti.at(data).closeSocket(descriptor) })
        set(CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(multi).toOpaque())
    }

    func set(_ option: CURLoption, _ value: Int) { check(ccurl_set_long(pointer, option, value)) }
    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        check(ccurl_set_pointer(pointer, option, value))
    }

    /// libcurl copies texts and bytes; nil resets the option.
    func set(_ option: CURLoption, _ value: String?) { check(ccurl_set_text(pointer, option, value)) }

    func setBlob(_ option: CURLoption, _ text: String?) {
        guard var text else { return check(ccurl_set_blob(pointer, option, nil, 0)) }
        text.withUTF8 { check(ccurl_set_blob(pointer, option, $0.baseAddress, $0.count)) }
    }

    /// An option that libcurl does not know or has no memory for: the process cannot send as it must.
    func check(_ code: CURLcode) {
        precondition(code == CURLE_OK, "curl_easy_setopt: \(String(cString: curl_easy_strerror(code)))")
    }

    func number(_ info: CURLINFO) -> Int {
        var value = 0
        ccurl_get_long(pointer, info, &value)
        return value
    }

    /// The phases of what ended, as libcurl measured them. A connection without a request has no first byte.
    func phases() -> AttemptPhases {
        func microseconds(_ info: CURLINFO) -> UInt32 {
            var value: curl_off_t = 0
            ccurl_get_offset(pointer, info, &value)
            return UInt32(clamping: value)
        }
        var phases = AttemptPhases()
        phases.resolved = microseconds(CURLINFO_NAMELOOKUP_TIME_T)
        phases.connected = microseconds(CURLINFO_CONNECT_TIME_T)
        phases.secured = microseconds(CURLINFO_APPCONNECT_TIME_T)
        phases.firstByte = microseconds(CURLINFO_STARTTRANSFER_TIME_T)
        phases.total = microseconds(CURLINFO_TOTAL_TIME_T)
        return phases
    }
}
