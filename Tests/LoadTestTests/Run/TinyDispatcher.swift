import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import WebhookModel
import WireProtocol

/// The least dispatcher there is: acknowledges each frame and posts each event to the receiver at once, except for
/// the damage that a test plants.
final class TinyDispatcher: Sendable {
    /// What is done to the event with this number (in order of arrival).
    enum Treatment: Sendable { case deliver, lose, corrupt, repeatDelivery, refuse }

    private let arrived = Atomic<Int>(0)
    private let treatment: @Sendable (Int) -> Treatment
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let sender = Mutex<EventLoopFuture<any Channel>?>(nil)
    private let receiverPort: Int

    init(receiverPort: Int, treatment: @escaping @Sendable (Int) -> Treatment) {
        self.receiverPort = receiverPort
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
        var requests = ByteBuffer()
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
            for _ in 0..<times { post(record.id, payload, to: &requests) }
        }
        let ack = Ack(commit: 1, count: UInt32(answers.count), answers: .each(answers))
        peer.send(ack, requestID: frame.header.requestID)
        let posts = requests
        connection.whenSuccess { channel in channel.writeAndFlush(posts, promise: nil) }
    }

    // Made with the first events: only then the receiver is sure to listen.
    private var connection: EventLoopFuture<any Channel> {
        sender.withLock { sender in
            let connection = sender ?? ClientBootstrap(group: group).connect(host: "127.0.0.1", port: receiverPort)
            sender = connection
            return connection
        }
    }

    private func post(_ id: EventID, _ payload: [UInt8], to requests: inout ByteBuffer) {
        let head = [
            "POST /hook HTTP/1.1", "host: localhost", "webhook-id: \(id.webhookID)", "content-type: application/json",
            "content-length: \(payload.count)", "", "",
        ]
        requests.writeString(head.joined(separator: "\r\n"))
        requests.writeBytes(payload)
    }
}
