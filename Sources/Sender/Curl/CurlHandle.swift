import CCurl
import Glibc
import Scheduling
import Settings
import WebhookModel

/// One libcurl handle and the attempt that it is making.
///
/// libcurl knows it by an unretained pointer (CURLOPT_PRIVATE and the callbacks' data), which holds because the
/// transport keeps every handle until the multi handle is closed. The options that never change are set once, in
/// `CurlHandle+Options.swift`.
final class CurlHandle {
    let easy: CurlEasy
    private let multi: CurlMulti
    private let renderer = MessageRenderer(kept: Limits.keptMessageBytesPerHandle)
    let headers: HeaderList

    /// The attempt in flight.
    private(set) var order: AttemptOrder?
    // The current settings of the easy handle.
    private var target: EndpointTarget?
    private var route: Route?
    private var timeout: Int64 = -1
    private var isFresh = false

    private var answer = AnswerReader()
    /// Requests that were sent, libcurl's own repeats included.
    private var sends = 0
    /// The socket that was opened for this attempt and has not become a connection yet.
    private var openedSocket: CInt?
    /// The socket that the request was sent on.
    private var usedSocket: CInt?
    /// errno of socket(2), where it failed.
    private var openError: CInt = 0
    /// Why we broke the attempt off.
    private var veto: Veto?
    private var staleConnections = 0

    /// Why an attempt is broken off by us.
    enum Veto { case forbidden, staleInput, reserved, repeated }

    init(_ multi: CurlMulti) {
        self.multi = multi
        easy = CurlEasy(multi)
        headers = HeaderList(userAgent: multi.configuration.userAgent)
        setFixedOptions()
    }

    /// Makes the handle ready for an attempt; the transport then adds it to the multi handle.
    func prepare(_ order: AttemptOrder) {
        self.order = order
        reset()
        staleConnections = 0
        if target !== order.target {
            aim(at: order.target)
            route = nil
        }
        if route !== order.route {
            route = order.route
            easy.lead(through: order.route, to: order.target)
        }
        setFresh(order.freshConnection)
        renderer.render(order.delivery, seconds: order.startedAt / 1_000, target: order.target)
        headers.append(renderer)
        let body = renderer.body
        easy.set(CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: body.baseAddress!))
        easy.setOffset(CURLOPT_POSTFIELDSIZE_LARGE, body.count)
    }

    /// Makes the handle ready for the same attempt on another connection.
    func prepareAgain() {
        reset()
        staleConnections += 1
        setFresh(true)
    }

    /// Whether the attempt was broken off before its request was sent, because of its connection, and may begin again.
    var mayBeginAgain: Bool {
        (veto == .staleInput || veto == .reserved) && staleConnections < Limits.staleConnectionRepeats
    }

    /// Returns the result of the attempt and forgets it. The handle must have left the multi handle.
    func end(_ code: CURLcode) -> AttemptEnd? {
        guard let order else { return nil }
        defer { self.order = nil }
        if veto == nil, code != CURLE_OK, let shortage = failure(code).shortage {
            return AttemptEnd(
                order, lacks: shortage, until: multi.now + Limits.shortageMillisecondsMost * 1_000_000)
        }
        var end = AttemptEnd(delivery: order.delivery, startedAt: order.startedAt, outcome: outcome(code))
        end.report.phases = easy.phases()
        end.report.address = order.route.text
        end.take(answer)
        end.newConnections = easy.number(CURLINFO_NUM_CONNECTS)
        end.report.reusedConnection = sends > 0 && end.newConnections == 0
        end.repeats = max(0, sends - 1)
        end.staleConnections = staleConnections
        if veto == .forbidden { end.hideAddress() }
        if answer.isHTTP2, let usedSocket { multi.sockets.speaksHTTP2(usedSocket) }
        return end
    }

    private func reset() {
        answer = AnswerReader()
        sends = 0
        openedSocket = nil
        usedSocket = nil
        openError = 0
        veto = nil
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
        var failure = TransferFailure(
            code: code, systemError: CInt(truncatingIfNeeded: easy.number(CURLINFO_OS_ERRNO)),
            verification: easy.number(CURLINFO_SSL_VERIFYRESULT), tunnel: easy.number(CURLINFO_HTTP_CONNECTCODE),
            isSecure: order?.target.url.isSecure ?? false, isProxied: order?.route.proxy != nil, wasSent: sends > 0,
            wasAnswered: answer.status != 0, reachedPeer: openedSocket.map { multi.sockets.reachedPeer($0) } ?? true)
        failure.openError = openError
        failure.hasOwnAuthorities = order?.target.endpoint.settings.connection?.authorities != nil
        failure.isRemoteIPv6 = order?.route.nextHop.address.isRemoteIPv6 ?? false
        return failure
    }

    private func aim(at target: EndpointTarget) {
        self.target = target
        headers.layOut(target.headers.lines)
        easy.aim(at: target)
        let timeout = target.endpoint.settings.timeout
        if timeout != self.timeout {
            self.timeout = timeout
            easy.set(CURLOPT_TIMEOUT_MS, Int(timeout))
        }
    }

    private func setFresh(_ fresh: Bool) {
        guard fresh != isFresh else { return }
        isFresh = fresh
        easy.set(CURLOPT_FRESH_CONNECT, fresh ? 1 : 0)
    }
}

// What libcurl asks and reports while a transfer runs. None of these may call libcurl.
extension CurlHandle {
    func received(header line: UnsafeRawBufferPointer) -> Bool { answer.takeHeader(line) }

    func received(body piece: UnsafeRawBufferPointer) -> Bool { answer.takeBody(piece) }

    /// - Returns: the descriptor, or CURL_SOCKET_BAD.
    func openSocket(_ peer: UnsafeMutablePointer<curl_sockaddr>) -> CInt {
        guard let order else { preconditionFailure("a handle without an attempt does not connect") }
        switch multi.openSocket(peer, for: order.target, through: order.route) {
        case .opened(let descriptor):
            openedSocket = descriptor
            return descriptor
        case .forbidden: veto = .forbidden
        case .failed(let code): openError = code
        }
        return CURL_SOCKET_BAD
    }

    /// Whether the request may be sent on this connection: it leads to the vetted address, it is not reserved for
    /// another endpoint, this is not a second repeat, and it has no unread input.
    ///
    /// libcurl 7.88 takes unread input of a pooled connection for the answer to the next request (fixed in 8.0.0), so
    /// an extra answer from a receiver would count as a delivery that it never received.
    func mayRequest(_ connection: ConnectionKey?) -> Bool {
        sends += 1
        guard let order, let connection, connection.remotePort == order.route.nextHop.port,
            multi.configuration.addressGuard.allows(
                socketTo: connection.remote, for: order.target, through: order.route)
        else { return refuse(.forbidden) }
        guard sends <= 1 + Limits.requestRepeats else { return refuse(.repeated) }
        if let openedSocket {
            self.openedSocket = nil
            usedSocket = openedSocket
            multi.sockets.connected(openedSocket, connection, for: order.route.reservation)
            // A TLS server sends first, session tickets, on every new connection.
            return order.target.url.isSecure || !hasInput(openedSocket) || refuse(.staleInput)
        }
        guard let descriptor = multi.sockets.descriptor(of: connection) else { return refuse(.staleInput) }
        usedSocket = descriptor
        let entry = multi.sockets[descriptor]
        guard entry.reservation == order.route.reservation else { return refuse(.reserved) }
        // HTTP/2 sends between requests, and its answers name their request.
        return entry.isHTTP2 || !hasInput(descriptor) || refuse(.staleInput)
    }

    private func refuse(_ reason: Veto) -> Bool {
        veto = reason
        // The request that was counted is not sent.
        sends -= 1
        return false
    }

    private func hasInput(_ descriptor: CInt) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) != 0
    }
}
