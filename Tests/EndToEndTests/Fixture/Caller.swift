import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import WebhookModel
import WireProtocol

/// A producer by hand, in plaintext, over TLS or a Unix socket: says what it is told and keeps what comes.
final class Caller: Sendable {
    struct Heard: Sendable {
        var bytes: [UInt8] = []
        var isOver = false

        /// The server's frames so far; a CLOSE with its text.
        var frames: [String] {
            guard bytes.starts(with: Preface.bytes) else { return [] }
            var buffer = ByteBuffer(bytes: bytes.dropFirst(Preface.bytes.count))
            var frames: [String] = []
            try? FrameDecoder(bodyLimit: 1 << 20).readFrames(from: &buffer) { frame in
                switch frame.header.type {
                case .welcome: frames.append("WELCOME")
                case .ack: frames.append("ACK \((try? Ack(decoding: frame.body))?[0].status.name ?? "?")")
                case .close:
                    let close = try? Close(decoding: frame.body)
                    frames.append("CLOSE \(close?.status.name ?? "?"): \(close?.text ?? "?")")
                default: frames.append("\(frame.header.typeByte)")
                }
                return true
            }
            return frames
        }
    }

    let heard = Watched(Heard())
    private let channel: any Channel

    /// - Parameter tls: what the client trusts and shows; the server is called `localhost`.
    init(to address: SocketAddress, tls: TLSConfiguration? = nil) async throws {
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { [heard] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHandler(Listener(heard: heard))
                }
            }
            .connect(to: address).get()
    }

    convenience init(port: Int, tls: TLSConfiguration? = nil) async throws {
        try await self.init(to: SocketAddress(ipAddress: "127.0.0.1", port: port), tls: tls)
    }

    /// Trusts this authority, and shows this certificate where there is one.
    static func tls(trusting ca: ThrowawayCA, showing certificate: ThrowawayCA.Issued? = nil) throws -> TLSConfiguration
    {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(ca.certificateFile)
        configuration.applicationProtocols = ["needletail/1"]
        if let certificate {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.certificateFile)
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificate.keyFile, format: .pem))
        }
        return configuration
    }

    func hello(key: String) async throws {
        var buffer = ByteBuffer(bytes: Preface.bytes)
        Hello(apiKey: key, clientName: "caller").write(to: &buffer, requestID: 0)
        try await channel.writeAndFlush(buffer)
    }

    func publish(_ number: UInt64, type: String = "task.completed") async throws {
        var writer = PublishFrameWriter(appendingTo: ByteBuffer(), frameBytes: 1 << 20, eventLimit: 1)
        _ = writer.append(
            OutgoingEvent(id: Events.id(number), tenant: "acme", type: type, payload: Array("{}".utf8)))
        try await channel.writeAndFlush(writer.finish(requestID: number))
    }

    /// Waits until so many frames have come, and returns them all.
    func frames(_ count: Int) async throws -> [String] {
        try await heard.wait(for: "\(count) frames") { heard in
            let frames = heard.frames
            return frames.count >= count || heard.isOver ? frames : nil
        }
    }

    func hangUp() async { try? await channel.close() }

    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let heard: Watched<Heard>

        init(heard: Watched<Heard>) { self.heard = heard }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            heard.change { $0.bytes += bytes }
        }

        func channelInactive(context: ChannelHandlerContext) { heard.change { $0.isOver = true } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
