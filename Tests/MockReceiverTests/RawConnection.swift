import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

/// A connection for a conversation: sends and reads in turns, and tells how the other side ended.
final class RawConnection: Sendable {
    private let channel: any Channel
    private let inbox: NIOLockedValueBox<Inbox>
    /// Something has come since it was last looked at.
    private let changes: AsyncStream<Void>

    private struct Inbox {
        var text = ""
        /// Reads that brought it.
        var pieces = 0
        var isOver = false
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let inbox: NIOLockedValueBox<Inbox>
        private let change: AsyncStream<Void>.Continuation
        init(_ inbox: NIOLockedValueBox<Inbox>, _ change: AsyncStream<Void>.Continuation) {
            self.inbox = inbox
            self.change = change
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            inbox.withLockedValue { inbox in
                inbox.text += text
                inbox.pieces += 1
            }
            change.yield()
        }
        func channelInactive(context: ChannelHandlerContext) {
            inbox.withLockedValue { $0.isOver = true }
            change.finish()
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// - Parameter reads: false: what comes stays with the kernel.
    static func open(port: Int, reads: Bool = true) async throws -> RawConnection {
        let inbox = NIOLockedValueBox(Inbox())
        let (changes, change) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(inbox, change))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawConnection(channel, inbox, changes)
    }

    private init(_ channel: any Channel, _ inbox: NIOLockedValueBox<Inbox>, _ changes: AsyncStream<Void>) {
        self.changes = changes
        self.channel = channel
        self.inbox = inbox
    }

    deinit { channel.close(promise: nil) }

    /// Reads that have brought something so far.
    var pieces: Int { inbox.withLockedValue { $0.pieces } }

    /// Returns once the kernel has taken everything.
    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }

    /// Ends our half behind it.
    func sendLast(_ text: String) async throws {
        try await send(text)
        try await channel.close(mode: .output).get()
    }

    /// Whether the kernel has taken everything.
    var hasSentAll: Bool { channel.isWritable }

    /// Everything since the last reading, once `enough` says so or the other side has ended.
    func read(until enough: (String) -> Bool) async throws -> String {
        await until { $0.isOver || enough($0.text) }
        return inbox.withLockedValue { inbox in
            defer { inbox.text = "" }
            return inbox.text
        }
    }

    /// Waits for the other side's end. False: it said something first.
    func isCut() async throws -> Bool {
        await until { $0.isOver || !$0.text.isEmpty }
        return inbox.withLockedValue { $0.isOver && $0.text.isEmpty }
    }

    /// Until the test's time is over, at most.
    private func until(_ condition: (Inbox) -> Bool) async {
        if inbox.withLockedValue({ condition($0) }) { return }
        for await _ in changes where inbox.withLockedValue({ condition($0) }) { return }
    }

    /// Whether the other side has neither said anything nor ended.
    var isQuiet: Bool { inbox.withLockedValue { !$0.isOver && $0.text.isEmpty } }
}
