import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOSSL
import NIOTLS

/// How an accepted connection is served.
enum ServedChannel: Sendable {
    case plain
    case tls(TLSContexts)

    /// Asks the core which fault applies to the connection, and builds its pipeline. On the connection's event loop.
    func prepare(
        _ channel: any Channel, _ loop: LoopContext, _ shared: SharedCore, _ configuration: ReceiverConfiguration
    ) throws {
        let now = WallClock.now()
        let fault = shared.withCore { $0.connect(now: now, isTLS: isTLS) }
        let connection = ConnectionHandler(fault, shared: shared, loop: loop)
        // Without another handler it is last, where no request passes through it; otherwise first, so that TLS is not
        // between it and the socket.
        guard fault?.takesAll != true, case .plain = self else {
            try channel.pipeline.syncOperations.addHandler(connection)
            guard fault?.takesAll != true else { return }
            try serve(channel, fault, loop, shared, configuration)
            return
        }
        try serve(channel, fault, loop, shared, configuration)
        try channel.pipeline.syncOperations.addHandler(connection)
    }

    private var isTLS: Bool {
        if case .tls = self { true } else { false }
    }

    private func serve(
        _ channel: any Channel, _ fault: ConnectionFault?, _ loop: LoopContext, _ shared: SharedCore,
        _ configuration: ReceiverConfiguration
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        switch self {
        case .plain: try pipeline.addHandler(RequestHandler(shared: shared, loop: loop, configuration: configuration))
        case .tls(let contexts):
            try pipeline.addHandler(
                NIOSSLServerHandler(context: contexts.context(for: fault, at: channel.localAddress?.ipAddress)))
            let negotiated = ApplicationProtocolNegotiationHandler { result, channel in
                channel.eventLoop.makeCompletedFuture {
                    if case .negotiated("h2") = result {
                        try ServedChannel.serveHTTP2(channel, loop, shared, configuration)
                    } else {
                        try channel.pipeline.syncOperations.addHandler(
                            RequestHandler(shared: shared, loop: loop, configuration: configuration))
                    }
                }
            }
            try pipeline.addHandler(negotiated)
        }
    }

    private static func serveHTTP2(
        _ channel: any Channel, _ loop: LoopContext, _ shared: SharedCore, _ configuration: ReceiverConfiguration
    ) throws {
        var settings = NIOHTTP2Handler.ConnectionConfiguration()
        // Our deliberately wrong lengths must pass.
        settings.contentLengthValidation = .disabled
        _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: settings, streamConfiguration: NIOHTTP2Handler.StreamConfiguration()
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(
                    StreamHandler(shared: shared, loop: loop, configuration: configuration))
            }
        }
        try channel.pipeline.syncOperations.addHandler(HTTP2ErrorHandler(shared: shared))
    }
}

/// Ends an HTTP/2 connection that broke the protocol or its limits. The GOAWAY has been sent by now (RFC 9113 section
/// 5.4.1).
private final class HTTP2ErrorHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let shared: SharedCore
    private var isBroken = false

    init(shared: SharedCore) { self.shared = shared }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isOfProtocol = error is any NIOHTTP2Error || error is any NIOHPACKError
        // What follows the error is also in error.
        if isOfProtocol, !isBroken { shared.withCore { $0.refuse() } }
        isBroken = true
        context.close(promise: nil)
    }
}
