import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import WebhookModel
import WireProtocol

/// A minimal dispatcher: it acknowledges each frame and posts each event to the receiver at once, except for the damage
/// that a test plants. Each tenant has a separate path. The tenants share one connection, or have one each.
final class TinyDispatcher: Sendable {
    /// What happens to the event with this number (in order of arrival).
    enum Treatment: Sendable { case deliver, lose, corrupt, repeatDelivery, refuse }

    private let arrived = Atomic<Int>(0)
    private let treatment: @Sendable (Int) -> Treatment
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let senders = Mutex<[String: EventLoopFuture<any Channel>]>([:])
    private let receiverPort: Int
    private let isShared: Bool

    /// - Parameter isShared: false: tenants do not wait for each other's answers.
    init(receiverPort: Int, isShared: Bool = true, treatment: @escaping @Sendable (Int) -> Treatment) {
        self.receiverPort = receiverPort
        self.isShared = isShared
        self.treatment = treatment
    }

    func start() async throws -> FrameServer {
        try await FrameServer.start { [self] peer, frame in
            switch frame.header.type {
            case .hello: peer.send(FrameServer.welcome())
            case .publish: take(frame, from: peer)
            default: break
            }
        }
    }

    func stop() async throws { try await group.shutdownGracefully() }

    private func take(_ frame: Frame, from peer: Peer) {
        guard let body = try? PublishBody(checking: frame.body, eventLimit: .max) else { return }
        var answers: [EventAnswer] = []
        var requests: [String: ByteBuffer] = [:]
        body.forEachRecord { range in
            let bytes = UnsafeRawBufferPointer(rebasing: body.records[range])
            guard case .success(let record) = EventRecord.parse(bytes) else {
                return answers.append(EventAnswer(.malformed))
            }
            var payload = Array(bytes[record.payload.range])
            let treatment = treatment(arrived.add(1, ordering: .relaxed).oldValue)
            answers.append(EventAnswer(treatment == .refuse ? .unknownTenant : .accepted))
            if treatment == .corrupt { payload[payload.count / 2] ^= 1 }
            let times = [.lose, .refuse].contains(treatment) ? 0 : treatment == .repeatDelivery ? 2 : 1
            let tenant = String(decoding: bytes[record.tenant.range], as: UTF8.self)
            for _ in 0..<times { post(record.id, of: tenant, payload, to: &requests[tenant, default: ByteBuffer()]) }
        }
        let ack = Ack(commit: 1, count: UInt32(answers.count), answers: .each(answers))
        peer.send(ack, requestID: frame.header.requestID)
        for (tenant, posts) in requests {
            connection(of: tenant).whenSuccess { channel in channel.writeAndFlush(posts, promise: nil) }
        }
    }

    // Made with the first events: only then the receiver is sure to listen.
    private func connection(of tenant: String) -> EventLoopFuture<any Channel> {
        senders.withLock { senders in
            let key = isShared ? "" : tenant
            let connection =
                senders[key] ?? ClientBootstrap(group: group).connect(host: "127.0.0.1", port: receiverPort)
            senders[key] = connection
            return connection
        }
    }

    private func post(_ id: EventID, of tenant: String, _ payload: [UInt8], to requests: inout ByteBuffer) {
        let head = [
            "POST /\(tenant) HTTP/1.1", "host: localhost", "webhook-id: \(id.webhookID)",
            "content-type: application/json",
            "content-length: \(payload.count)", "", "",
        ]
        requests.writeString(head.joined(separator: "\r\n"))
        requests.writeBytes(payload)
    }
}
