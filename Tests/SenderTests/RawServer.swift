import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Threading

/// A server of plain bytes on loopback that answers as a test says, well-formed or not.
final class RawServer: Sendable {
    /// The reaction to a request, or to a new connection.
    enum Reaction: Sendable {
        case send(String)
        /// Sends the text and repeats the piece as long as the peer reads.
        case sendForever(String, piece: String)
        case sendAndClose(String)
        /// Bytes that are no text.
        case sendBytes([UInt8])
        /// Sends the text, then the piece again and again, with this number of milliseconds between.
        case drip(String, piece: String, milliseconds: Int64)
        case reset
        case keepSilent
    }

    typealias Script = @Sendable (_ connection: Int, _ request: Int) -> Reaction

    private struct Log {
        var requests: [String] = []
        /// The connection of each request.
        var carriers: [Int] = []
        var channels: [any Channel] = []
        var waiters: [(isMet: @Sendable (Log) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let channel: any Channel
    private let log: Locked<Log>
    var port: Int { channel.localAddress?.port ?? 0 }

    private init(channel: any Channel, log: Locked<Log>) {
        self.channel = channel
        self.log = log
    }

    /// - Parameters:
    ///   - greeting: the reaction to a new connection.
    ///   - isHasty: answers when a request's head is there, and reads on.
    ///   - identity: of the TLS server; nil: plain.
    ///   - isNarrow: see `ServerBootstrap.narrow`.
    ///   - port: one that was chosen by the system before; 0: it chooses one.
    ///   - script: asked for each request; connections and their requests count from 1.
    static func start(
        greeting: Reaction? = nil, isHasty: Bool = false, as identity: ServerIdentity? = nil,
        isNarrow: Bool = false, port: Int = 0, _ script: @escaping Script
    ) async throws -> RawServer {
        let tls = try identity?.context()
        let log = Locked(Log())
        var bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        if isNarrow { bootstrap = bootstrap.narrow() }
        let channel =
            try await bootstrap
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        Session(log: log, greeting: greeting, isHasty: isHasty, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return RawServer(channel: channel, log: log)
    }

    func stop() async { try? await channel.close() }

    var connections: Int { log.withLock { $0.channels.count } }
    var requests: [String] { log.withLock { $0.requests } }
    /// The connection, counted from 1, of each request.
    var carriers: [Int] { log.withLock { $0.carriers } }
    /// The number of open connections.
    var openConnections: Int { log.withLock { log in log.channels.count { $0.isActive } } }

    /// Returns when this number of requests was received.
    func waitForRequests(_ count: Int) async { await wait { $0.requests.count >= count } }

    /// Returns when the number of open connections meets the condition.
    func waitUntil(_ isMet: @escaping @Sendable (_ openConnections: Int) -> Bool) async {
        await wait { log in isMet(log.channels.count { $0.isActive }) }
    }

    /// Closes every connection in an orderly way.
    func closeConnections() { for channel in log.withLock({ $0.channels }) { channel.close(promise: nil) } }

    /// Sends a text without a request on every connection, and returns when it was sent.
    func sendUnrequested(_ text: String) async throws {
        for channel in log.withLock({ $0.channels }) { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }
    }

    private func wait(_ isMet: @escaping @Sendable (Log) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMetNow = log.withLock { log in
                if isMet(log) { return true }
                log.waiters.append((isMet, continuation))
                return false
            }
            if isMetNow { continuation.resume() }
        }
    }

    private static func note(_ log: Locked<Log>, _ change: (inout Log) -> Void) {
        let met = log.withLock { log in
            change(&log)
            let (waiters, after) = (log.waiters, log)
            log.waiters.removeAll { $0.isMet(after) }
            return waiters.filter { $0.isMet(after) }
        }
        for waiter in met { waiter.continuation.resume() }
    }

    /// One connection: gathers whole requests (head and Content-Length) and reacts.
    private final class Session: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let log: Locked<Log>
        private let greeting: Reaction?
        private let isHasty: Bool
        private let script: Script
        private var input = ""
        private var connection = 0
        private var request = 0
        /// The request at the head of `input` was answered already.
        private var isAnswered = false

        init(log: Locked<Log>, greeting: Reaction?, isHasty: Bool, script: @escaping Script) {
            self.log = log
            self.greeting = greeting
            self.isHasty = isHasty
            self.script = script
        }

        func channelActive(context: ChannelHandlerContext) {
            let channel = context.channel
            RawServer.note(log) { $0.channels.append(channel) }
            connection = log.withLock { $0.channels.count }
            if let greeting { react(greeting, context) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            input += String(buffer: unwrapInboundIn(data))
            while let end = input.firstRange(of: "\r\n\r\n") {
                let head = input[..<end.lowerBound].lowercased()
                let length =
                    head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
                if isHasty, !isAnswered {
                    isAnswered = true
                    react(script(connection, request + 1), context)
                }
                guard let stop = input.utf8.index(end.upperBound, offsetBy: length, limitedBy: input.utf8.endIndex)
                else { return }
                let text = String(input[..<stop])
                input = String(input[stop...])
                request += 1
                RawServer.note(log) {
                    $0.requests.append(text)
                    $0.carriers.append(connection)
                }
                if !isAnswered { react(script(connection, request), context) }
                isAnswered = false
            }
        }

        func channelInactive(context: ChannelHandlerContext) { RawServer.note(log) { _ in } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func react(_ reaction: Reaction, _ context: ChannelHandlerContext) {
            switch reaction {
            case .send(let text): _ = write(text, context)
            case .sendBytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .drip(let text, let piece, let milliseconds):
                _ = write(text, context)
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                context.eventLoop.scheduleRepeatedTask(
                    initialDelay: .milliseconds(milliseconds), delay: .milliseconds(milliseconds)
                ) { task in
                    let (session, context) = bound.value
                    session.write(piece, context).whenFailure { _ in task.cancel() }
                }
            case .sendForever(let text, let piece):
                _ = write(text, context)
                pour(piece, context)
            case .sendAndClose(let text):
                let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                write(text, context).whenComplete { _ in bound.value.close(promise: nil) }
            case .reset:
                let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                guard let socket = context.channel as? any SocketOptionProvider else { return }
                socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
                    bound.value.close(promise: nil)
                }
            case .keepSilent: break
            }
        }

        private func write(_ text: String, _ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
        }

        private func pour(_ piece: String, _ context: ChannelHandlerContext) {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            write(piece, context).whenSuccess {
                let (session, context) = bound.value
                session.pour(piece, context)
            }
        }
    }
}

extension ServerBootstrap {
    /// Small segments and buffers, as on a path through the Internet: on loopback a client may otherwise write megabytes
    /// before its socket is full.
    func narrow() -> ServerBootstrap {
        let segment = ChannelOptions.Types.SocketOption(
            level: .tcp, name: NIOBSDSocket.Option(rawValue: CInt(TCP_MAXSEG)))
        return serverChannelOption(.socketOption(.so_rcvbuf), value: 4_096).serverChannelOption(segment, value: 536)
    }
}
