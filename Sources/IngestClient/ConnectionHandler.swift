import Glibc
public import NIOCore
import NIOPosix
import WireProtocol

extension IngestConnection {
    /// Connects, says HELLO and waits for WELCOME.
    ///
    /// - Parameters:
    ///   - owner: kept until the connection ends; not told of failures before WELCOME.
    ///   - eventLoop: of a `MultiThreadedEventLoopGroup`; the connection lives on it.
    /// - Returns: fails with an `IngestError`.
    public static func connect(
        _ settings: ConnectionSettings, owner: any IngestConnectionOwner, on eventLoop: any EventLoop
    ) -> EventLoopFuture<IngestConnection> {
        let opened = eventLoop.makePromise(of: IngestConnection.self)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.milliseconds(settings.connectMilliseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = IngestConnection(
                        channel: channel, settings: settings, owner: owner, opened: opened)
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(connection))
                }
            }
            .connect(host: settings.host, port: settings.port)
            .whenFailure { error in
                opened.fail(IngestError.unreachable(address: settings.address, reason: reason(of: error)))
            }
        return opened.futureResult
    }

    /// The cause in words, without NIO's wrapping.
    static func reason(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let attempt = error.connectionErrors.first { return reason(of: attempt.error) }
            return "the name does not resolve"
        case let error as IOError: return String(cString: strerror(error.errnoCode)).lowercased()
        case let error as ChannelError: return "\(error)"
        default: return "\(error)"
        }
    }
}

/// The shell: moves bytes between the channel and the connection, and keeps an incomplete tail.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: IngestConnection
    private var tail: ByteBuffer?
    private var lastError: (any Error)?

    init(_ connection: IngestConnection) { self.connection = connection }

    func channelActive(context: ChannelHandlerContext) { connection.connected() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if var tail {
            tail.writeBuffer(&buffer)
            buffer = tail
        }
        connection.received(&buffer)
        // A copy: the tail must not pin the receive buffer.
        tail = buffer.readableBytes == 0 ? nil : ByteBuffer(bytes: buffer.readableBytesView)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.disconnected(lastError.map(IngestConnection.reason) ?? "the server closed it")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lastError = error
        context.close(promise: nil)
    }
}
