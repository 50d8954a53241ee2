import CCurl
import Settings
import WebhookModel

extension CurlHandle {
    /// Sets what is the same for every transfer, beside what `CurlEasy` sets. Each line is here for safety: libcurl's
    /// defaults suit a browser.
    func setFixedOptions() {
        let own = Unmanaged.passUnretained(self).toOpaque()
        easy.setOwner(own)
        easy.set(CURLOPT_FOLLOWLOCATION, 0)
        easy.set(CURLOPT_HTTP09_ALLOWED, 0)
        easy.set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        // CURLOPT_LOW_SPEED_* stays off: the whole attempt takes at most a minute, and it would cost a timer per
        // transfer. A pooled connection that the receiver is about to close makes libcurl repeat the request: keep them
        // young.
        easy.set(CURLOPT_MAXAGE_CONN, Int(Limits.idleConnectionMilliseconds / 1_000))
        easy.set(CURLOPT_MAXLIFETIME_CONN, Int(Limits.connectionLifeMilliseconds / 1_000))
        easy.set(CURLOPT_POST, 1)
        easy.check(ccurl_set_list(easy.pointer, CURLOPT_HTTPHEADER, headers.first))
        setCallbacks(own)
    }

    private func setCallbacks(_ own: UnsafeMutableRawPointer) {
        easy.check(
            ccurl_on_data(easy.pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, data in
                let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return CurlHandle.at(data).received(body: piece) ? piece.count : 0
            })
        easy.set(CURLOPT_WRITEDATA, own)
        easy.check(
            ccurl_on_data(easy.pointer, CURLOPT_HEADERFUNCTION) { bytes, size, count, data in
                let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return CurlHandle.at(data).received(header: line) ? line.count : 0
            })
        easy.set(CURLOPT_HEADERDATA, own)
        easy.check(ccurl_on_open_socket(easy.pointer) { data, _, peer in CurlHandle.at(data).openSocket(peer!) })
        easy.set(CURLOPT_OPENSOCKETDATA, own)
        easy.check(
            ccurl_on_request(easy.pointer) { data, remote, local, remotePort, localPort in
                let connection = ConnectionKey(remote, remotePort, local, localPort)
                return CurlHandle.at(data).mayRequest(connection) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            })
        easy.set(CURLOPT_PREREQDATA, own)
    }

    static func at(_ data: UnsafeMutableRawPointer?) -> CurlHandle {
        Unmanaged<CurlHandle>.fromOpaque(data!).takeUnretainedValue()
    }
}

extension ConnectionKey {
    /// From what libcurl reports before a request; nil if it is not an address.
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
