import CCurl
import Glibc
import WebhookModel

/// One connection that libcurl opened, and the exchange in progress on it; with HTTP/2, the session of its exchanges.
///
/// Plain TCP is read and written with system calls on a socket that libcurl released; TLS with the session that libcurl
/// lends (`TLSSession`), or with curl_easy_send(3) and curl_easy_recv(3) on the handle that holds it.
package final class Connection {
    enum Stage {
        /// Not begun: its exchange waits for a connection of its site, this one or another.
        case waiting
        case dialing, idle, busy
        /// The rest of an answer is read whose attempt is over.
        case draining
        case closed
    }

    /// Its place in the transport's tables; used again after the connection is closed, with a new generation.
    private(set) var slot: Int
    private(set) var generation: UInt32
    private(set) var site: Site
    var stage = Stage.waiting
    /// libcurl's handle: while it connects, and with TLS for the life of the connection.
    var dial: CurlDial?
    /// The session of a connection with TLS; nil: libcurl reads and writes it.
    var tls: TLSSession?
    var descriptor: CInt = -1
    var exchange: Exchange?
    /// While it is opened beside others for the same exchange; nil: the name has one address.
    var race: DialRace?
    /// It is opened beside the one that has the exchange.
    var isRival = false
    var parser = AnswerParser()
    /// The part of the request that the socket did not take yet.
    var unsent: [UInt8] = []
    var unsentStart = 0
    /// The peer stopped reading the request before its end.
    var isCutOff = false
    /// A 2xx answer came before the whole request was sent: the rest is sent first.
    var isAnsweredEarly = false
    /// Exchanges that began on it.
    var uses = 0
    /// What its server said last about keeping it (`Keep-Alive`): how long it may be idle, in nanoseconds, and how many
    /// more requests it takes.
    package private(set) var idleTime = Int64.max
    private(set) var usesLeft = Int.max
    /// The peer ended TLS with an alert, or sent something that is not TLS.
    private var endedTLS = false
    /// Monotonic nanoseconds.
    var openedAt: Int64 = 0
    var idleSince: Int64 = 0
    /// It is in its site's line of those that wait.
    var isInLine = false
    /// Its index in its site's `idle`.
    var idlePlace = -1

    /// HTTP/2: `exchange` and what belongs to it above are not used.
    var session: HTTP2Session?
    /// Exchanges that wait until it is open, to share it.
    var waiting: [StreamExchange] = []
    /// When the peer last sent something, monotonic nanoseconds.
    var heardAt: Int64 = 0
    /// It is in the transport's list of connections with output.
    var isQueued = false
    /// The socket is full: the poller tells when it takes more.
    var isBlocked = false

    init(slot: Int, generation: UInt32, site: Site) {
        self.slot = slot
        self.generation = generation
        self.site = site
    }

    /// Makes another connection of one that was never begun: a busy site's line has one for each attempt.
    func reuse(slot: Int, generation: UInt32, site: Site) {
        self.slot = slot
        self.generation = generation
        self.site = site
        stage = .waiting
    }

    /// Its token in the poller.
    var token: UInt64 { TokenMark.connection | UInt64(generation) << 24 | UInt64(slot) }

    var hasUnsent: Bool { unsentStart < unsent.count }

    enum Transfer {
        case bytes(Int)
        case wouldBlock
        /// Closed by the peer in an orderly way.
        case ended
        /// The machine lacks memory; nothing was transferred.
        case lacking(Shortage)
        case failed
    }

    /// Bytes may have been read from the socket and not taken yet: the poller does not see them.
    var mayHoldBytes: Bool { tls?.holdsBytes ?? (dial != nil) }

    func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        if let tls { return result(tls.write(bytes)) }
        guard let dial else {
            let count = send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
            return count >= 0 ? .bytes(count) : Connection.failure()
        }
        var count = 0
        return switch curl_easy_send(dial.easy.pointer, bytes.baseAddress, bytes.count, &count) {
        case CURLE_OK: .bytes(count)
        case CURLE_AGAIN: .wouldBlock
        default: .failed
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        if let tls { return result(tls.read(into: buffer)) }
        guard let dial else {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            return count > 0 ? .bytes(count) : count == 0 ? .ended : Connection.failure()
        }
        var count = 0
        errno = 0
        switch curl_easy_recv(dial.easy.pointer, buffer.baseAddress, buffer.count, &count) {
        case CURLE_OK: return count > 0 ? .bytes(count) : .ended
        case CURLE_AGAIN: return .wouldBlock
        default:
            endedTLS = errno != ECONNRESET && errno != EPIPE && errno != ETIMEDOUT
            return .failed
        }
    }

    private func result(_ transfer: TLSSession.Transfer) -> Transfer {
        switch transfer {
        case .bytes(let count): return .bytes(count)
        case .wouldBlock: return .wouldBlock
        case .ended: return .ended
        case .failed: return .failed
        case .refused:
            endedTLS = true
            return .failed
        }
    }

    /// An answer came, and with it what the server says about further requests.
    ///
    /// - Returns: false: it takes none.
    package func hear(_ keepAlive: KeepAlive) -> Bool {
        if let milliseconds = keepAlive.idleMilliseconds { idleTime = milliseconds * 1_000_000 }
        usesLeft = keepAlive.requests ?? (usesLeft == .max ? .max : usesLeft - 1)
        return keepAlive.allowsAnother && usesLeft > 0
    }

    /// The outcome when the connection broke. A TLS 1.3 server that requires a client certificate says so after the
    /// handshake, instead of an answer.
    var breakage: Outcome {
        let isSilent = session.map { !$0.wasHeard } ?? (uses <= 1 && parser.total == 0)
        return endedTLS && isSilent ? .clientCertificateRefused : .connectionReset
    }

    /// The state of a connection on which no answer is expected.
    enum Input {
        case none
        /// Bytes that were sent without a request: they would be taken for the answer.
        case unrequested
        case dead
    }

    func unreadInput() -> Input {
        var byte: UInt8 = 0
        let found: Transfer =
            if dial == nil {
                switch recv(descriptor, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) {
                case 1...: .bytes(1)
                case 0: .ended
                default: Connection.failure()
                }
            } else {
                // A TLS server sends first, session tickets: libcurl processes those and has no bytes for us.
                withUnsafeMutableBytes(of: &byte) { read(into: $0) }
            }
        return switch found {
        case .bytes: .unrequested
        case .wouldBlock: .none
        case .ended, .failed, .lacking: .dead
        }
    }

    private static func failure() -> Transfer {
        switch errno {
        case EAGAIN, EINTR: .wouldBlock
        case ENOBUFS, ENOMEM: Shortage(errno).map(Transfer.lacking) ?? .failed
        default: .failed
        }
    }
}
