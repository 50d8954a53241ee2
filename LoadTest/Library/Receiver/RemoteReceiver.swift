import Foundation
import NIOCore
import NIOPosix

/// A mock receiver elsewhere, read over its admin port. It gives counts only, so loss is a difference of counts, not a
/// list of events.
package struct RemoteReceiver: Sendable {
    package let address: String
    private let host: String
    private let port: Int
    private static let answerBytes = 1 << 20

    /// - Parameter address: `http://host:port` of the admin port.
    package init(_ address: String) throws {
        guard let url = URLComponents(string: address), url.scheme == "http", let host = url.host, !host.isEmpty else {
            throw LoadTestError(
                "--receiver: invalid value \"\(address)\"; expected embedded, none, or a mock receiver's admin port as http://host:port"
            )
        }
        self.address = address
        self.host = host
        port = url.port ?? 80
    }

    package func counts() async throws -> ReceiverCounts {
        let body = try await get("/stats")
        guard let stats = try? JSONSerialization.jsonObject(with: body) as? [String: Any] else {
            throw LoadTestError("\(address)/stats does not answer with JSON: is this a mock receiver's admin port?")
        }
        let totals = stats["totals"] as? [String: Any] ?? stats
        func number(_ key: String) -> Int { totals[key] as? Int ?? 0 }
        var counts = ReceiverCounts()
        counts.requests = number("requests")
        counts.accepted = number("accepted")
        counts.duplicates = number("duplicates")
        counts.unverified = number("unverified")
        counts.changedBodies = number("changed_bodies")
        counts.failures = (totals["answers"] as? [String: Int])?["5xx"] ?? 0
        counts.isInconclusive = stats["inconclusive"] as? Bool ?? false
        return counts
    }

    /// Makes one request on one connection (RFC 9112). The answer ends with the connection.
    private func get(_ path: String) async throws -> Data {
        let group = MultiThreadedEventLoopGroup.singleton
        let answer = group.next().makePromise(of: ByteBuffer.self)
        let request = "GET \(path) HTTP/1.1\r\nhost: \(host)\r\nconnection: close\r\n\r\n"
        let connecting = ClientBootstrap(group: group)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AnswerCollector(answer, limit: RemoteReceiver.answerBytes))
                }
            }
            .connect(host: host, port: port)
        connecting.whenSuccess { channel in channel.writeAndFlush(ByteBuffer(string: request), promise: nil) }
        connecting.whenFailure { answer.fail($0) }
        do {
            let bytes = try await answer.futureResult.get()
            return try body(of: Data(bytes.readableBytesView))
        } catch let error as LoadTestError {
            throw error
        } catch {
            throw LoadTestError("no answer from the receiver at \(address): \(error); is this its admin port?")
        }
    }

    private func body(of answer: Data) throws -> Data {
        guard answer.starts(with: Data("HTTP/1.1 200".utf8)), let end = answer.range(of: Data("\r\n\r\n".utf8)) else {
            throw LoadTestError("\(address)/stats does not answer 200: is this a mock receiver's admin port?")
        }
        return answer[end.upperBound...]
    }
}

/// Collects an answer until the connection closes.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let answer: EventLoopPromise<ByteBuffer>
    private let limit: Int
    private var gathered = ByteBuffer()

    init(_ answer: EventLoopPromise<ByteBuffer>, limit: Int) {
        self.answer = answer
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        gathered.writeBuffer(&part)
        if gathered.readableBytes > limit { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { answer.succeed(gathered) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}
