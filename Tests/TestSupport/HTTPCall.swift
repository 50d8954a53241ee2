import NIOCore
import NIOPosix

/// One HTTP request on a connection of its own, and its answer as text.
package struct HTTPCall {
    package struct Answer: Sendable {
        package var status = 0
        /// By name in lower case.
        package var headers: [String: String] = [:]
        package var body = ""
    }

    package struct NoAnswer: Error {
        package let received: String
    }

    /// - Parameters:
    ///   - key: of `Authorization: Bearer`; nil: no such header.
    ///   - body: with its length; a content type is among `headers` or JSON.
    package static func send(
        _ method: String, _ path: String, port: Int, key: String? = nil, headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> Answer {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        if let key { lines.append("Authorization: Bearer \(key)") }
        if let body {
            lines.append("Content-Length: \(body.utf8.count)")
            if !headers.contains(where: { $0.0 == "Content-Type" }) { lines.append("Content-Type: application/json") }
        }
        lines += headers.map { "\($0): \($1)" }
        return try await send(raw: lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""), port: port)
    }

    /// Sends these bytes, and reads until the server closes.
    package static func send(raw: String, port: Int) async throws -> Answer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let received = loop.makePromise(of: String.self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Reader(received))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: raw))
        return try answer(in: try await received.futureResult.get())
    }

    private static func answer(in text: String) throws -> Answer {
        guard let end = text.firstRange(of: "\r\n\r\n") else { throw NoAnswer(received: text) }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, let status = Int(words[1]) else { throw NoAnswer(received: text) }
        var answer = Answer(status: status, body: String(text[end.upperBound...]))
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            answer.headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return answer
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let received: EventLoopPromise<String>
        private var bytes = ByteBuffer()

        init(_ received: EventLoopPromise<String>) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var part = unwrapInboundIn(data)
            bytes.writeBuffer(&part)
        }

        func channelInactive(context: ChannelHandlerContext) { received.succeed(String(buffer: bytes)) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
