package import NIOCore
import NIOPosix
package import WireProtocol

/// A server of the ingest protocol that does what a test's script says, on a loopback port of the system's choice.
package final class FrameServer: Sendable {
    /// Called on the event loop for every frame of a client, HELLO included.
    package typealias Script = @Sendable (Peer, Frame) -> Void

    package let port: Int
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// - Parameters:
    ///   - preface: what the server says first.
    ///   - unixPath: a Unix socket instead of a port.
    ///   - prepare: what comes before the frames in a client's pipeline, TLS for example.
    package static func start(
        preface: [UInt8] = Preface.bytes, unixPath: String? = nil,
        prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in }, script: @escaping Script
    ) async throws -> FrameServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let bootstrap = ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel)
                    let handler = FrameServerHandler(preface: preface, script: script)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let bound =
            unixPath.map { bootstrap.bind(unixDomainSocketPath: $0) } ?? bootstrap.bind(host: "127.0.0.1", port: 0)
        let channel = try await bound.get()
        return FrameServer(channel: channel, group: group)
    }

    private init(channel: any Channel, group: MultiThreadedEventLoopGroup) {
        self.channel = channel
        self.group = group
        port = channel.localAddress?.port ?? 0
    }

    package func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }

    /// A WELCOME with small limits where a test wants them.
    package static func welcome(
        frameBytes: UInt32 = 1 << 20, eventBytes: UInt32 = 256 * 1024, eventsPerFrame: UInt32 = 8_192,
        windowEvents: UInt32 = 65_536, windowBytes: UInt64 = 16 << 20, idleTimeoutMilliseconds: UInt32 = 60_000
    ) -> Welcome {
        Welcome(
            frameBytes: frameBytes, eventBytes: eventBytes, eventsPerFrame: eventsPerFrame, windowEvents: windowEvents,
            windowBytes: windowBytes, idleTimeoutMilliseconds: idleTimeoutMilliseconds, dedupWindowSeconds: 86_400,
            durability: .synced, serverID: "scripted", serverVersion: "1")
    }

    /// Events of a PUBLISH frame.
    package static func eventCount(_ frame: Frame) -> Int {
        (try? PublishBody(checking: frame.body, eventLimit: .max))?.count ?? 0
    }
}

/// One client, seen from the script.
package final class Peer: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) { self.channel = channel }

    package func send(_ message: some Message, requestID: UInt64 = 0) {
        var buffer = ByteBuffer()
        message.write(to: &buffer, requestID: requestID)
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// Everything of this frame is accepted.
    package func accept(_ frame: Frame, commit: UInt64 = 1) {
        let ack = Ack(commit: commit, count: UInt32(FrameServer.eventCount(frame)), answers: .allAccepted)
        send(ack, requestID: frame.header.requestID)
    }

    package func drop() { channel.close(promise: nil) }
}

private final class FrameServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let preface: [UInt8]
    private let script: FrameServer.Script
    private var buffer = ByteBuffer()
    private var isGreeted = false

    init(preface: [UInt8], script: @escaping FrameServer.Script) {
        self.preface = preface
        self.script = script
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        buffer.writeBuffer(&part)
        if !isGreeted {
            guard buffer.readableBytes >= Preface.bytes.count else { return }
            buffer.moveReaderIndex(forwardBy: Preface.bytes.count)
            isGreeted = true
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: preface)), promise: nil)
        }
        let peer = Peer(context.channel)
        let script = script
        do {
            try FrameDecoder(bodyLimit: 16 << 20).readFrames(from: &buffer) { frame in
                script(peer, frame)
                // What stands behind the frame that made the script drop it is lost with the connection.
                return context.channel.isActive
            }
        } catch {
            context.close(promise: nil)
        }
    }
}
