import CCurl

/// A TLS session that libcurl opened and checked, read and written without libcurl.
///
/// curl_easy_send(3) and curl_easy_recv(3) of 7.88 find the connection of a handle by a walk over all connections of
/// the multi handle. With 3,500 connections that took most of a request's time. So a session gets its socket
/// (SSL_set_fd(3)) as soon as libcurl has connected it. libcurl still owns it, and closes it with the handle.
struct TLSSession {
    private let pointer: OpaquePointer

    enum Transfer {
        case bytes(Int)
        case wouldBlock
        /// The peer closed the session.
        case ended
        /// The connection broke.
        case failed
        /// The peer sent an alert, or something that is not TLS.
        case refused
    }

    /// Takes the session of a handle's connection, from within CURLOPT_PREREQFUNCTION.
    ///
    /// - Returns: nil: libcurl has another version or another TLS library.
    init?(of easy: CurlEasy) {
        guard CurlLibrary.lendsSessions, let pointer = ccurl_tls_session(easy.pointer) else { return nil }
        self.pointer = pointer
    }

    /// Connects the session with the socket: libcurl must not read or write it any more.
    ///
    /// - Returns: false: no memory.
    func adopt(_ descriptor: CInt) -> Bool { ccurl_tls_adopt(pointer, descriptor) == 1 }

    /// Bytes were read from the socket and not taken yet: the poller does not see them.
    var holdsBytes: Bool { SSL_has_pending(pointer) == 1 }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        var error: CInt = 0
        return TLSSession.result(
            ccurl_tls_read(pointer, buffer.baseAddress, CInt(clamping: buffer.count), &error), error)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        var error: CInt = 0
        return TLSSession.result(
            ccurl_tls_write(pointer, bytes.baseAddress, CInt(clamping: bytes.count), &error), error)
    }

    private static func result(_ count: CInt, _ error: CInt) -> Transfer {
        guard count <= 0 else { return .bytes(Int(count)) }
        return switch error {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: .wouldBlock
        case SSL_ERROR_ZERO_RETURN: .ended
        case SSL_ERROR_SSL where ccurl_tls_was_closed() == 0: .refused
        default: .failed
        }
    }
}
