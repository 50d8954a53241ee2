import NIOCore
import NIOSSL
import NIOTLS

/// Moves bytes between the channel and the connection, and keeps an incomplete tail.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: ProducerConnection
    private var tail: ByteBuffer?
    private var lastError: (any Error)?

    init(_ connection: ProducerConnection) { self.connection = connection }

    // Under TLS the greeting waits in the TLS handler until the handshake is done.
    func channelActive(context: ChannelHandlerContext) { connection.connected() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if var tail {
            tail.writeBuffer(&buffer)
            buffer = tail
        }
        connection.received(&buffer)
        // A copy, so that the tail does not keep the receive buffer in memory.
        tail = buffer.readableBytes == 0 ? nil : ByteBuffer(bytes: buffer.readableBytesView)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // No negotiated protocol is acceptable, because a proxy may end TLS. A different protocol means that this is
        // another service's port.
        if case .handshakeCompleted(let name?)? = event as? TLSUserEvent, name != TLSSettings.applicationProtocol {
            connection.refusedByTLS("it chose the application protocol \(name)")
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.disconnected(lastError.map(ProducerConnection.reason) ?? "the server closed it")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lastError = error
        if let reason = tlsRefusal(error) { connection.refusedByTLS(reason) }
        context.close(promise: nil)
    }

    /// nil: the error is not TLS's, or the connection was just broken off.
    private func tlsRefusal(_ error: any Error) -> String? {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "its certificate does not contain the requested name (\(error.description))"
        case is NIOSSLExtraError: "\(error)"
        case NIOSSLError.handshakeFailed(let cause):
            switch cause {
            case .sslError([.eofDuringHandshake]): nil
            case .sslError(let stack): "the handshake failed: \(stack.map(\.description).joined(separator: "; "))"
            default: nil
            }
        case let error as BoringSSLError: "\(error)"
        case NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate,
            NIOSSLError.cannotFindPeerIP:
            "its certificate cannot be verified: \(error)"
        default: nil
        }
    }
}
