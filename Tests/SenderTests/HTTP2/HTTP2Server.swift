import NIOCore
import NIOPosix
import NIOSSL
import Threading

/// A server of hand-written HTTP/2 frames (RFC 9113) over TLS on loopback, which answers each request as a test says.
final class HTTP2Server: Sendable {
    /// What it does about a request, one step after the other.
    enum Step: Sendable {
        /// `:status`; the length only where it is given.
        case headers(status: Int = 200, length: Int? = nil, end: Bool = false)
        case data(String, end: Bool = false)
        /// RST_STREAM with this error code.
        case reset(UInt32)
        /// GOAWAY. It names this request as the last that is processed, or none.
        case goAway
        case goAwayAfterThis
        /// Nothing now; `answerHeld` answers all requests of the connection that are held, with 204.
        case hold
        case answerHeld
        case close
        /// A frame of another kind, on the connection.
        case ping
    }

    typealias Script = @Sendable (_ connection: Int, _ request: Int) -> [Step]

    private struct Log {
        var connections = 0
        var requests = 0
        /// Those that were refused, or over another version, are not counted as requests.
        var refused = 0
        var overHTTP1 = 0
        var bodyBytes = 0
        var pings = 0
        var resets = 0
        var heads: [[UInt8]] = []
    }

    private let channel: any Channel
    private let log: Locked<Log>
    var port: Int { channel.localAddress?.port ?? 0 }
    var connections: Int { log.withLock { $0.connections } }
    var requests: Int { log.withLock { $0.requests } }

    var refused: Int { log.withLock { $0.refused } }
    var overHTTP1: Int { log.withLock { $0.overHTTP1 } }
    var pings: Int { log.withLock { $0.pings } }
    /// RST_STREAM frames that were received.
    var resets: Int { log.withLock { $0.resets } }
    /// The fields of the requests, as HEADERS frames have them.
    var heads: [[UInt8]] { log.withLock { $0.heads } }
    /// Bytes of all DATA frames.
    var bodyBytes: Int { log.withLock { $0.bodyBytes } }

    private init(_ channel: any Channel, _ log: Locked<Log>) {
        self.channel = channel
        self.log = log
    }

    /// - Parameters:
    ///   - mostStreams: at a time on a connection: it refuses the others; nil: any number.
    ///   - window: bytes that a request may have before the server has read any.
    ///   - isNarrow: see `ServerBootstrap.narrow`.
    ///   - answersPing: as every server must.
    ///   - speaksHTTP1: answers requests of HTTP/1.1 as well, with 204.
    static func start(
        _ identity: ServerIdentity, mostStreams: UInt32? = nil, window: UInt32? = nil, isNarrow: Bool = false,
        answersPing: Bool = true,
        speaksHTTP1: Bool = false,
        _ script: @escaping Script
    ) async throws -> HTTP2Server {
        let log = Locked(Log())
        let tls = try identity.context(protocols: speaksHTTP1 ? ["h2", "http/1.1"] : ["h2"])
        var bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        if isNarrow { bootstrap = bootstrap.narrow() }
        let channel =
            try await bootstrap
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    try channel.pipeline.syncOperations.addHandler(
                        Session(log, script, mostStreams, window, answersPing))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return HTTP2Server(channel, log)
    }

    func stop() async { try? await channel.close() }

    private final class Session: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let log: Locked<Log>
        private let script: Script
        private let mostStreams: UInt32?
        private let window: UInt32?
        private let answersPing: Bool
        private var input = ByteBuffer()
        private var held: [UInt32] = []
        private var open: Set<UInt32> = []
        private var connection = 0
        private var request = 0
        private static let preface = 24

        init(
            _ log: Locked<Log>, _ script: @escaping Script, _ mostStreams: UInt32?, _ window: UInt32?,
            _ answersPing: Bool
        ) {
            self.answersPing = answersPing
            self.mostStreams = mostStreams
            self.window = window
            self.log = log
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var piece = unwrapInboundIn(data)
            input.writeBuffer(&piece)
            if connection == 0 {
                guard input.readableBytes >= Session.preface else { return }
                guard input.getString(at: input.readerIndex, length: 3) == "PRI" else {
                    log.withLock { $0.overHTTP1 += 1 }
                    context.writeAndFlush(
                        wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 204 No\r\nConnection: close\r\n\r\n")),
                        promise: nil)
                    return
                }
                input.moveReaderIndex(forwardBy: Session.preface)
                connection = log.withLock { log in
                    log.connections += 1
                    return log.connections
                }
                // SETTINGS_MAX_CONCURRENT_STREAMS, SETTINGS_INITIAL_WINDOW_SIZE, the connection's window.
                let most = mostStreams.map { [0, 3] + bytes($0) } ?? []
                send(4, flags: 0, stream: 0, most + (window.map { [0, 4] + bytes($0) } ?? []), context)
                if let window { send(8, flags: 0, stream: 0, bytes(window), context) }
            }
            while let head = input.getBytes(at: input.readerIndex, length: 9) {
                let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
                guard input.readableBytes >= 9 + length else { return }
                if head[3] == 1, let block = input.getBytes(at: input.readerIndex + 9, length: length) {
                    log.withLock { $0.heads.append(block) }
                }
                if head[3] == 3 { log.withLock { $0.resets += 1 } }
                input.moveReaderIndex(forwardBy: 9 + length)
                let stream = head[5...8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
                if head[3] == 0 { log.withLock { $0.bodyBytes += length } }
                take(type: head[3], flags: head[4], stream: stream, context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func take(type: UInt8, flags: UInt8, stream: UInt32, _ context: ChannelHandlerContext) {
            switch type {
            case 4 where flags & 1 == 0: send(4, flags: 1, stream: 0, [], context)
            case 6 where flags & 1 == 0 && answersPing:
                log.withLock { $0.pings += 1 }
                send(6, flags: 1, stream: 0, [UInt8](repeating: 0, count: 8), context)
            // HEADERS or DATA that ends its stream: the request is whole.
            case 1 where flags & 1 == 0:
                open.insert(stream)
                guard let mostStreams, open.count > mostStreams else { return }
                open.remove(stream)
                log.withLock { $0.refused += 1 }
                perform(.reset(7), stream, context)
            case 0 where flags & 1 == 1, 1 where flags & 1 == 1:
                guard open.contains(stream) else { return }
                request += 1
                log.withLock { $0.requests += 1 }
                for step in script(connection, request) { perform(step, stream, context) }
            default: break
            }
        }

        private func perform(_ step: Step, _ stream: UInt32, _ context: ChannelHandlerContext) {
            switch step {
            case .headers(let status, let length, let end):
                // HPACK: 8 and 14 of the static table, or a literal with the name of 8; content-length, 28 of it, as a literal that is not indexed.
                var block: [UInt8] =
                    switch status {
                    case 200: [0x88]
                    case 500: [0x8E]
                    default: [0x08, 3] + Array("\(status)".utf8)
                    }
                if let length {
                    let digits = Array("\(length)".utf8)
                    block += [0x0F, 28 - 15, UInt8(digits.count)] + digits
                }
                if end { open.remove(stream) }
                send(1, flags: end ? 5 : 4, stream: stream, block, context)
            case .data(let text, let end):
                if end { open.remove(stream) }
                send(0, flags: end ? 1 : 0, stream: stream, Array(text.utf8), context)
            case .reset(let code):
                open.remove(stream)
                send(3, flags: 0, stream: stream, bytes(code), context)
            case .goAway: send(7, flags: 0, stream: 0, bytes(0) + bytes(0), context)
            case .goAwayAfterThis: send(7, flags: 0, stream: 0, bytes(stream) + bytes(0), context)
            case .hold: held.append(stream)
            case .answerHeld:
                for stream in held {
                    open.remove(stream)
                    send(1, flags: 5, stream: stream, [0x89], context)
                }
                held = []
            case .ping: send(6, flags: 0, stream: 0, [UInt8](repeating: 7, count: 8), context)
            case .close: context.close(promise: nil)
            }
        }

        private func bytes(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

        private func send(
            _ type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8], _ context: ChannelHandlerContext
        ) {
            let head = [
                UInt8(payload.count >> 16 & 255), UInt8(payload.count >> 8 & 255), UInt8(payload.count & 255), type,
                flags,
            ]
            let frame = ByteBuffer(bytes: head + bytes(stream) + payload)
            context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        }
    }
}
