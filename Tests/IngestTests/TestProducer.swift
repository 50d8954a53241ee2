import NIOCore
import NIOPosix
import Testing
import WireProtocol

/// A client that sends bytes and collects replies as `SessionDriver.text` tells them; `end` is the server's FIN.
final class TestProducer: Sendable {
    private let channel: any Channel
    private let inbox: NIOLoopBound<Inbox>

    /// Connects and sends nothing.
    ///
    /// - Parameters:
    ///   - reads: false: leaves everything unread in the kernel.
    ///   - tls: nil: plaintext.
    convenience init(port: Int, reads: Bool = true, tls: TLSClient? = nil) async throws {
        try await self.init(to: SocketAddress(ipAddress: "127.0.0.1", port: port), reads: reads, tls: tls)
    }

    init(to address: SocketAddress, reads: Bool = true, tls: TLSClient? = nil) async throws {
        (channel, inbox) = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: reads)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.handler()) }
                    let inbox = Inbox(eventLoop: channel.eventLoop)
                    try channel.pipeline.syncOperations.addHandler(inbox)
                    return (channel, NIOLoopBound(inbox, eventLoop: channel.eventLoop))
                }
            }
    }

    /// Connects, and reads up to WELCOME.
    static func welcomed(port: Int, tls: TLSClient? = nil, key: String = "key-of-acme") async throws -> TestProducer {
        let producer = try await TestProducer(port: port, tls: tls)
        try await producer.sayHello(key: key)
        #expect(try await producer.replies(2) == ["preface", "WELCOME 1"])
        return producer
    }

    /// Sends preface and HELLO.
    func sayHello(key: String = "key-of-acme") async throws {
        var hello = ByteBuffer(bytes: Preface.bytes)
        Hello(apiKey: key, clientName: "test").write(to: &hello, requestID: 1)
        try await send(Array(hello.readableBytesView))
    }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// Sends the same bytes several times, without waiting until the server has read them.
    func pour(_ bytes: [UInt8], times: Int) {
        let buffer = ByteBuffer(bytes: bytes)
        for _ in 0..<times { channel.writeAndFlush(buffer, promise: nil) }
    }

    /// Ends our direction.
    func finish() async throws { try await channel.close(mode: .output) }

    func close() async throws { try await channel.close() }

    /// Waits for this many new replies. Throws when they do not arrive within ten seconds.
    func replies(_ count: Int) async throws -> [String] {
        try await channel.eventLoop.flatSubmit { [inbox] in inbox.value.take(count) }.get()
    }
}

/// The replies of one connection, on its event loop.
private final class Inbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    struct TooLate: Error { var got: [String] }

    private let eventLoop: any EventLoop
    private var unread = ByteBuffer()
    private var prefaceSeen = false
    private var ended = false
    private var replies: [String] = []
    private var waiter: (count: Int, promise: EventLoopPromise<[String]>)?

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func take(_ count: Int) -> EventLoopFuture<[String]> {
        let promise = eventLoop.makePromise(of: [String].self)
        waiter = (count, promise)
        eventLoop.assumeIsolated().scheduleTask(in: .seconds(10)) { promise.fail(TooLate(got: self.replies)) }
        serve()
        return promise.futureResult
    }

    private func serve() {
        guard let (count, promise) = waiter, replies.count >= count else { return }
        waiter = nil
        promise.succeed(Array(replies.prefix(count)))
        replies.removeFirst(count)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        unread.writeBuffer(&buffer)
        if !prefaceSeen, unread.readableBytes >= 8 {
            prefaceSeen = true
            replies.append(unread.readBytes(length: 8) == Preface.bytes ? "preface" : "no preface")
        }
        do throws(FrameError) {
            try FrameDecoder(bodyLimit: 1 << 20).readFrames(from: &unread) { frame in
                replies.append(SessionDriver.text(frame))
                return true
            }
        } catch {
            replies.append("\(error)")
        }
        serve()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { end() }
    }

    // When our direction has ended already, the server's end closes the channel.
    func channelInactive(context: ChannelHandlerContext) { end() }

    private func end() {
        guard !ended else { return }
        ended = true
        replies.append("end")
        serve()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        replies.append("error \(error)")
        serve()
    }
}
