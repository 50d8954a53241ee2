import CCurl
import Glibc
import Scheduling
import WebhookModel

/// One libcurl easy handle and the attempt that it makes at the moment.
///
/// libcurl knows it by an unretained pointer (CURLOPT_PRIVATE and the callbacks' data), which holds because the
/// transport keeps every handle until the multi handle is gone. The options that never change are set once, in
/// `CurlHandle+Options.swift`.
final class CurlHandle {
    let easy: UnsafeMutableRawPointer
    unowned(unsafe) let transport: CurlTransport
    let scratch: MessageRenderer

    /// The attempt in flight.
    private(set) var order: AttemptOrder?
    // What the easy handle is set to at the moment.
    private var target: EndpointTarget?
    private var route: Route?
    private var timeout: Int64 = -1
    private var isFresh = false
    private var options: ConnectionOptions
    /// The one node of the CURLOPT_CONNECT_TO list, and its text.
    private let connectTo: UnsafeMutablePointer<curl_slist>
    private let connectToText: UnsafeMutableBufferPointer<CChar>

    private var answer = AnswerReader()
    /// Requests that went out, libcurl's own repeats included.
    private var sends = 0
    /// The socket that was opened for this attempt and has not become a connection yet.
    private var openedSocket: CInt?
    /// The socket that the request went out on.
    private var usedSocket: CInt?
    /// Why we broke the attempt off.
    private var veto: Veto?
    private var staleConnections = 0

    /// Why an attempt is broken off by us.
    enum Veto { case forbidden, staleInput, reserved, repeated }

    /// Requests of one attempt: libcurl's first, and one repeat on a connection that turned out dead.
    static let mostSends = 2
    /// Times that an attempt is begun again because of input that nobody asked for. A new connection that speaks first
    /// is a liar.
    static let mostStale = 1

    init(transport: CurlTransport) {
        guard let easy = curl_easy_init() else { preconditionFailure("curl_easy_init: no memory") }
        self.easy = easy
        self.transport = transport
        scratch = MessageRenderer(userAgent: "Needletail/\(transport.configuration.version)")
        connectTo = .allocate(capacity: 1)
        connectToText = .allocate(capacity: Route.connectToBytes)
        connectTo.initialize(to: curl_slist(data: connectToText.baseAddress, next: nil))
        options = ConnectionOptions(easy, authoritiesFile: transport.configuration.authoritiesFile)
        setFixedOptions(transport.configuration)
    }

    /// The handle must have left the multi handle.
    deinit {
        curl_easy_cleanup(easy)
        connectTo.deallocate()
        connectToText.deallocate()
    }

    /// Makes the handle ready for an attempt; the transport then adds it to the multi handle.
    func prepare(_ order: AttemptOrder) {
        self.order = order
        answer = AnswerReader()
        sends = 0
        openedSocket = nil
        usedSocket = nil
        veto = nil
        staleConnections = 0
        if target !== order.target {
            aim(at: order.target)
            route = nil
        }
        if route !== order.route { lead(through: order.route, order.target) }
        setFresh(order.freshConnection)
        scratch.write(order.delivery, seconds: order.startedAt / 1_000, target: order.target)
        set(CURLOPT_POSTFIELDS, scratch.bodyStart)
        setOffset(CURLOPT_POSTFIELDSIZE_LARGE, scratch.bodyCount)
    }

    /// Makes the handle ready for the same attempt on another connection.
    func prepareAgain() {
        answer = AnswerReader()
        sends = 0
        openedSocket = nil
        usedSocket = nil
        veto = nil
        staleConnections += 1
        setFresh(true)
    }

    /// Whether the attempt ended before it began, for input that lay in its connection or for another's name on it, and may begin again.
    var mayBeginAgain: Bool {
        (veto == .staleInput || veto == .reserved) && staleConnections < CurlHandle.mostStale
    }

    /// Tells what came of the attempt, and lets go of it. The handle must have left the multi handle.
    func end(_ code: CURLcode) -> AttemptEnd? {
        guard let order else { return nil }
        defer { self.order = nil }
        var end = AttemptEnd(delivery: order.delivery, startedAt: order.startedAt, outcome: outcome(code))
        end.phases = phases()
        end.status = UInt16(clamping: answer.status)
        if answer.status == 429 || answer.status == 503 { end.retryAfter = answer.retryAfter }
        end.excerpt = answer.excerpt
        end.headers = answer.headers.bytes
        end.newConnections = number(CURLINFO_NUM_CONNECTS)
        end.reusedConnection = sends > 0 && end.newConnections == 0
        end.repeats = max(0, sends - 1)
        end.staleConnections = staleConnections
        if veto != .forbidden { end.address = order.route.text }
        // To the endpoint's owner a refusal says nothing else: no address, and no time by which one could be guessed.
        if veto == .forbidden { end.phases = AttemptPhases() }
        if answer.isHTTP2, let usedSocket { transport.sockets.speaksHTTP2(usedSocket) }
        return end
    }

    private func outcome(_ code: CURLcode) -> Outcome {
        switch veto {
        case .forbidden: return .addressForbidden
        case .staleInput: return .answerMalformed
        case .repeated, .reserved: return .connectionReset
        case nil: break
        }
        if answer.isTooLarge { return .answerTooLarge }
        guard code == CURLE_OK else { return failure(code).outcome }
        return answer.status == 0 ? .answerMalformed : Outcome(status: answer.status)
    }

    private func failure(_ code: CURLcode) -> TransferFailure {
        TransferFailure(
            code: code, systemError: CInt(truncatingIfNeeded: number(CURLINFO_OS_ERRNO)),
            verification: number(CURLINFO_SSL_VERIFYRESULT), tunnel: number(CURLINFO_HTTP_CONNECTCODE),
            isSecure: order?.target.url.isSecure ?? false, isProxied: order?.route.proxy != nil, wasSent: sends > 0,
            wasAnswered: answer.status != 0, reachedPeer: openedSocket.map { transport.sockets.reachedPeer($0) } ?? true
        )
    }

    private func aim(at target: EndpointTarget) {
        self.target = target
        scratch.lay(out: target)
        check(ccurl_set_url(easy, target.url.url.handle))
        let timeout = target.endpoint.settings.timeout
        if timeout != self.timeout {
            self.timeout = timeout
            set(CURLOPT_TIMEOUT_MS, Int(timeout))
        }
    }

    private func lead(through route: Route, _ target: EndpointTarget) {
        self.route = route
        options.turn(to: target, through: route)
        let text = route.connectTo.utf8CString
        precondition(text.count <= connectToText.count, "a host name is at most 253 bytes")
        _ = connectToText.update(fromContentsOf: text)
        check(ccurl_set_list(easy, CURLOPT_CONNECT_TO, connectTo))
    }

    private func setFresh(_ fresh: Bool) {
        guard fresh != isFresh else { return }
        isFresh = fresh
        set(CURLOPT_FRESH_CONNECT, fresh ? 1 : 0)
    }
}

// What libcurl asks and tells while a transfer runs. None of these may call libcurl.
extension CurlHandle {
    func received(header line: UnsafeRawBufferPointer) -> Bool { answer.takeHeader(line) }

    func received(body piece: UnsafeRawBufferPointer) -> Bool { answer.takeBody(piece) }

    /// Opens a socket to an address, if that is the one which was vetted for this attempt.
    ///
    /// - Returns: the descriptor, or CURL_SOCKET_BAD.
    func openSocket(_ peer: UnsafeMutablePointer<curl_sockaddr>) -> CInt {
        // The address is longer than its C type says, so it is read from where it lies.
        let start = UnsafeRawPointer(peer) + MemoryLayout<curl_sockaddr>.offset(of: \.addr)!
        let address = IPAddress(start.assumingMemoryBound(to: sockaddr.self))
        guard let order, let address,
            transport.addressGuard.allows(socketTo: address, for: order.target, through: order.route)
        else {
            veto = .forbidden
            return CURL_SOCKET_BAD
        }
        let type = peer.pointee.socktype | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(peer.pointee.family, type, peer.pointee.protocol)
        guard descriptor >= 0 else { return CURL_SOCKET_BAD }
        transport.sockets.opened(descriptor)
        openedSocket = descriptor
        return descriptor
    }

    /// Whether the request may go out on this connection: to the vetted address, not another's, not a second repeat, and with no input
    /// lying in it.
    ///
    /// libcurl 7.88 takes unread input of a pooled connection for the answer to the next request (fixed in 8.0.0), so
    /// an extra answer from a receiver would count as a delivery that it never saw.
    func mayRequest(_ connection: ConnectionKey?) -> Bool {
        sends += 1
        guard let order, let connection, connection.remotePort == order.route.nextHop.port,
            transport.addressGuard.allows(socketTo: connection.remote, for: order.target, through: order.route)
        else { return refuse(.forbidden) }
        guard sends <= CurlHandle.mostSends else { return refuse(.repeated) }
        if let openedSocket {
            self.openedSocket = nil
            usedSocket = openedSocket
            transport.sockets.connected(openedSocket, connection, for: order.route.reservation)
            // A TLS server speaks first, with session tickets, on every new connection.
            return order.target.url.isSecure || !hasInput(openedSocket) || refuse(.staleInput)
        }
        guard let descriptor = transport.sockets.descriptor(of: connection) else { return refuse(.staleInput) }
        usedSocket = descriptor
        let entry = transport.sockets[descriptor]
        guard entry.reservation == order.route.reservation else { return refuse(.reserved) }
        // HTTP/2 speaks between requests, and its answers name their request.
        return entry.isHTTP2 || !hasInput(descriptor) || refuse(.staleInput)
    }

    private func refuse(_ reason: Veto) -> Bool {
        veto = reason
        // The request that was counted does not go out.
        sends -= 1
        return false
    }

    private func hasInput(_ descriptor: CInt) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) != 0
    }
}
