import CCurl
import Glibc
import WebhookModel

extension CurlHandle {
    /// Sets what is the same for every attempt. Each line is here for a reason of safety: libcurl's defaults suit a
    /// browser's friend.
    func setFixedOptions(_ configuration: SenderConfiguration) {
        let own = Unmanaged.passUnretained(self).toOpaque()
        set(CURLOPT_PRIVATE, own)
        // No signals for timeouts: other threads would get them.
        set(CURLOPT_NOSIGNAL, 1)
        setText(CURLOPT_PROTOCOLS_STR, configuration.allowHTTP ? "http,https" : "https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        // An empty proxy switches off the environment's.
        setText(CURLOPT_PROXY, "")
        setText(CURLOPT_NOPROXY, "*")
        // HTTP/2 is an endpoint's choice: this version's has faults that 8.0 to 8.2 mended.
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_HTTP09_ALLOWED, 0)
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))

        // CURLOPT_LOW_SPEED_* stays off: the whole attempt is at most a minute, and it would cost a timer per transfer.
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(configuration.connectMilliseconds))
        // A pooled connection that the receiver is about to close makes libcurl repeat the request: keep them young.
        set(CURLOPT_MAXAGE_CONN, 30)
        set(CURLOPT_MAXLIFETIME_CONN, 300)

        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))

        set(CURLOPT_POST, 1)
        check(ccurl_set_list(easy, CURLOPT_HTTPHEADER, scratch.headers))
        setCallbacks(own)
    }

    private func setCallbacks(_ own: UnsafeMutableRawPointer) {
        check(
            ccurl_on_data(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, data in
                let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return CurlHandle.at(data).received(body: piece) ? piece.count : 0
            })
        set(CURLOPT_WRITEDATA, own)
        check(
            ccurl_on_data(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, data in
                let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return CurlHandle.at(data).received(header: line) ? line.count : 0
            })
        set(CURLOPT_HEADERDATA, own)
        check(
            ccurl_on_open_socket(easy) { data, _, peer in
                CurlHandle.at(data).openSocket(peer!)
            })
        set(CURLOPT_OPENSOCKETDATA, own)
        // A connection outlives the handle that opened it, so closing is told to the transport.
        check(
            ccurl_on_close_socket(easy) { data, descriptor in
                CurlTransport.at(data).sockets.closing(descriptor)
                return close(descriptor)
            })
        set(CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(transport).toOpaque())
        check(
            ccurl_on_request(easy) { data, remote, local, remotePort, localPort in
                let connection = ConnectionKey(remote, remotePort, local, localPort)
                return CurlHandle.at(data).mayRequest(connection) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            })
        set(CURLOPT_PREREQDATA, own)
    }

    static func at(_ data: UnsafeMutableRawPointer?) -> CurlHandle {
        Unmanaged<CurlHandle>.fromOpaque(data!).takeUnretainedValue()
    }

    func set(_ option: CURLoption, _ value: Int) { check(ccurl_set_long(easy, option, value)) }
    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) { check(ccurl_set_pointer(easy, option, value)) }
    func setOffset(_ option: CURLoption, _ value: Int) { check(ccurl_set_offset(easy, option, curl_off_t(value))) }
    func setText(_ option: CURLoption, _ value: String) { check(ccurl_set_text(easy, option, value)) }

    /// An option that libcurl does not know or has no memory for: the process cannot send as it must.
    func check(_ code: CURLcode) {
        precondition(code == CURLE_OK, "curl_easy_setopt: \(String(cString: curl_easy_strerror(code)))")
    }

    func number(_ info: CURLINFO) -> Int {
        var value = 0
        ccurl_get_long(easy, info, &value)
        return value
    }

    /// The phases of the transfer that ended, as libcurl measured them.
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
        phases.firstByte = microseconds(CURLINFO_STARTTRANSFER_TIME_T)
        phases.total = microseconds(CURLINFO_TOTAL_TIME_T)
        return phases
    }
}

extension ConnectionKey {
    /// From what libcurl tells before a request; nil where it is no address.
    init?(_ remote: UnsafePointer<CChar>?, _ remotePort: CInt, _ local: UnsafePointer<CChar>?, _ localPort: CInt) {
        guard let remote, let local, let remote = IPAddress(cString: remote), let local = IPAddress(cString: local)
        else {
            return nil
        }
        self.init(
            remote: remote, remotePort: UInt16(truncatingIfNeeded: remotePort), local: local,
            localPort: UInt16(truncatingIfNeeded: localPort))
    }
}
