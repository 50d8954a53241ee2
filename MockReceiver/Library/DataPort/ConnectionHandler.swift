import Glibc
import NIOCore

/// Counts a connection, and performs a fault that applies before any request.
///
/// If a fault applies to the connection, this is the only handler in the pipeline: incoming bytes reach its end and are
/// dropped.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let shared: SharedCore
    private let loop: LoopContext
    private let fault: ConnectionFault?
    private var isCounted = true
    private var bytesRead = 0

    /// - Parameter fault: decided by the core, which has counted the connection with it.
    init(_ fault: ConnectionFault?, shared: SharedCore, loop: LoopContext) {
        self.fault = fault
        self.shared = shared
        self.loop = loop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        loop.add(context.channel)
        if fault == .neverRead {
            context.channel.setOption(.autoRead, value: false).assumeIsolated().whenFailure { _ in }
        }
        if context.channel.isActive { strike(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        strike(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .resetAfter(let most) = fault else {
            context.fireChannelRead(data)
            return
        }
        let before = bytesRead
        bytesRead += unwrapInboundIn(data).readableBytes
        guard before < most, bytesRead >= most else { return }
        shared.withCore { $0.noteReset() }
        context.channel.resetConnection()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // If there is a request handler, it has flushed by now.
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func strike(_ context: ChannelHandlerContext) {
        if fault == .reset { context.channel.resetConnection() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        guard isCounted else { return }
        isCounted = false
        loop.remove(context.channel)
        shared.withCore { $0.disconnect() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that resets its connection, or fails at a handshake that we spoilt, is not our error.
        context.close(promise: nil)
    }
}

extension Channel {
    /// Closes with a RST: SO_LINGER of zero seconds makes close(2) send one (socket(7)). On the connection's event loop.
    func resetConnection() {
        _ = (self as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        // Sent from the first handler: TLS would send its own closing message and wait for the answer.
        if let first = try? pipeline.syncOperations.context(handlerType: ConnectionHandler.self) {
            first.close(promise: nil)
        } else {
            close(promise: nil)
        }
    }
}
