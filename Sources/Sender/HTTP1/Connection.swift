import CCurl
import Glibc
import WebhookModel

/// One connection that libcurl made, and the exchange that runs on it at the moment.
///
/// Plain TCP is read and written by the system's calls on a socket that libcurl gave up; TLS by curl_easy_send(3) and
/// curl_easy_recv(3) on the handle that holds the session.
final class Connection {
    enum Stage { case dialing, idle, busy, closed }

    /// Its place in the transport's tables; used again after the connection is gone, under a new generation.
    let slot: Int
    let generation: UInt32
    let site: Site
    var stage = Stage.dialing
    /// libcurl's handle: while it connects, and with TLS for as long as the connection lives.
    var dial: CurlDial?
    var descriptor: CInt = -1
    var exchange: Exchange?
    var parser = AnswerParser()
    /// What of the request the socket did not take yet.
    var unsent: [UInt8] = []
    var unsentStart = 0
    /// The peer stopped taking the request before its end.
    var isCutOff = false
    /// A good answer came before the whole request was out: the rest goes out first.
    var isAnsweredEarly = false
    /// Exchanges that began on it.
    var uses = 0
    /// The peer ended TLS with an alert, or spoke no TLS any more.
    private var endedTLS = false
    /// Monotonic nanoseconds.
    var openedAt: Int64 = 0
    var idleSince: Int64 = 0
    /// Where it stands among its site's idle ones.
    var idlePlace = -1

    init(slot: Int, generation: UInt32, site: Site) {
        self.slot = slot
        self.generation = generation
        self.site = site
    }

    /// Comes back with the poller's events.
    var token: UInt64 { ExchangeTransport.connectionTag | UInt64(generation) << 24 | UInt64(slot) }

    var hasUnsent: Bool { unsentStart < unsent.count }

    enum Transfer {
        case bytes(Int)
        case wouldBlock
        /// Closed by the peer in order.
        case ended
        case failed
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        guard let dial else {
            let count = send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
            return count >= 0 ? .bytes(count) : Connection.failure()
        }
        var count = 0
        return switch curl_easy_send(dial.easy, bytes.baseAddress, bytes.count, &count) {
        case CURLE_OK: .bytes(count)
        case CURLE_AGAIN: .wouldBlock
        default: .failed
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        guard let dial else {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            return count > 0 ? .bytes(count) : count == 0 ? .ended : Connection.failure()
        }
        var count = 0
        errno = 0
        switch curl_easy_recv(dial.easy, buffer.baseAddress, buffer.count, &count) {
        case CURLE_OK: return count > 0 ? .bytes(count) : .ended
        case CURLE_AGAIN: return .wouldBlock
        default:
            endedTLS = errno != ECONNRESET && errno != EPIPE && errno != ETIMEDOUT
            return .failed
        }
    }

    /// What it means that the connection broke. TLS 1.3 servers that want a client certificate say so after the handshake, in place of
    /// an answer.
    var breakage: Outcome {
        endedTLS && uses <= 1 && parser.total == 0 ? .clientCertificateRefused : .connectionReset
    }

    /// What lies in the connection before a request goes out.
    enum Silence {
        case silent
        /// Bytes that nobody asked for: they would be taken for the answer.
        case speaks
        case dead
    }

    func listen() -> Silence {
        var byte: UInt8 = 0
        let found: Transfer =
            if dial == nil {
                switch recv(descriptor, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) {
                case 1...: .bytes(1)
                case 0: .ended
                default: Connection.failure()
                }
            } else {
                // A TLS server speaks first, with session tickets: those libcurl takes in, and has no bytes for us.
                withUnsafeMutableBytes(of: &byte) { read(into: $0) }
            }
        return switch found {
        case .bytes: .speaks
        case .wouldBlock: .silent
        case .ended, .failed: .dead
        }
    }

    private static func failure() -> Transfer {
        errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? .wouldBlock : .failed
    }
}
