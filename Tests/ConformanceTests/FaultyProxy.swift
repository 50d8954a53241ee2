import NIOCore
import NIOPosix
import WireProtocol

/// A proxy between the runner and our server that makes one mistake, so that the two together are a server with one
/// fault. Everything else passes unchanged.
final class FaultyProxy: Sendable {
    let port: Int
    private let channel: any Channel

    /// - Parameter fault: applied to each connection.
    init(before server: Int, _ fault: Fault) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        channel = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                ClientBootstrap(group: client.eventLoop)
                    .channelOption(.allowRemoteHalfClosure, value: true)
                    .connect(host: "127.0.0.1", port: server)
                    .flatMapThrowing { upstream in
                        let link = Link(client: client, server: upstream)
                        try client.pipeline.syncOperations.addHandler(Side(link, isClient: true, fault))
                        try upstream.pipeline.syncOperations.addHandler(Side(link, isClient: false, fault))
                        if let greeting = fault.greeting { link.toClient(greeting) }
                        client.setOption(.autoRead, value: true).assumeIsolated().whenComplete { _ in }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await channel.close() }
}

/// One connection's two ends. On its event loop only.
final class Link {
    private let client: any Channel
    private let server: any Channel
    /// State of the fault.
    var notes: [String: Int] = [:]

    init(client: any Channel, server: any Channel) {
        self.client = client
        self.server = server
    }

    func toClient(_ bytes: [UInt8]) { client.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
    func toServer(_ bytes: [UInt8]) { server.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
    func cut() {
        client.close(promise: nil)
        server.close(promise: nil)
    }

    fileprivate func ended(client side: Bool) { (side ? server : client).close(mode: .output, promise: nil) }
    fileprivate func gone(client side: Bool) { (side ? server : client).close(promise: nil) }
}

/// Splits what one side sends into the preface, whole frames and other bytes, and passes them to the fault.
private final class Side: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let link: Link
    private let isClient: Bool
    private let fault: Fault
    private var buffer: [UInt8] = []
    private var isGreeted = false

    init(_ link: Link, isClient: Bool, _ fault: Fault) {
        self.link = link
        self.isClient = isClient
        self.fault = fault
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffer += Array(unwrapInboundIn(data).readableBytesView)
        if !isGreeted {
            guard buffer.count >= 8 || !Preface.bytes.starts(with: buffer) else { return }
            isGreeted = true
            hand(Array(buffer.prefix(8)), fault.preface)
            buffer.removeFirst(min(8, buffer.count))
        }
        if isClient, fault.passesPieces {
            link.toServer(buffer)
            buffer = []
        }
        while let piece = nextPiece() {
            buffer.removeFirst(piece.count)
            hand(piece, fault.frame)
        }
        if isClient, fault.trustsSegments, !buffer.isEmpty { link.cut() }
    }

    /// A whole frame; or everything, if a header is invalid or announces too much.
    private func nextPiece() -> [UInt8]? {
        guard buffer.count >= FrameHeader.byteCount else { return nil }
        let limit = buffer[4] == FrameType.hello.rawValue ? 4_064 : 1 << 20
        let header = buffer.withUnsafeBytes { bytes in try? FrameHeader(checking: bytes, bodyLimit: limit) }
        guard let header else { return buffer }
        let end = FrameHeader.byteCount + Int(header.bodyLength)
        return buffer.count >= end ? Array(buffer[..<end]) : nil
    }

    private func hand(_ bytes: [UInt8], _ change: Fault.FrameChange?) {
        var piece = Piece(bytes: bytes, isFromClient: isClient)
        if change?(&piece, link) == .swallowed { return }
        if isClient { link.toServer(piece.bytes) } else { link.toClient(piece.bytes) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else { return }
        // Half a frame passes too.
        if !buffer.isEmpty { hand(buffer, nil) }
        buffer = []
        if fault.ending?(isClient, link) != .swallowed { link.ended(client: isClient) }
    }

    func channelInactive(context: ChannelHandlerContext) { link.gone(client: isClient) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { link.cut() }
}
