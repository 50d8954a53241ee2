import Foundation
package import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a running receiver's admin port: what the command's verbs stand on. One connection for each request.
package struct AdminCaller: Sendable {
    /// `http://host:port`.
    package let address: String
    private let host: String
    private let port: Int

    package struct Reply: Sendable {
        package let status: Int
        /// Empty where the pieces went to `onPiece`.
        package let body: [UInt8]
    }

    /// Why there is no reply.
    package struct NoReply: Error, CustomStringConvertible {
        package let description: String
    }

    /// Bytes of a reply that are gathered at most.
    private static let mostGathered = 256 << 20

    package init(_ address: String) throws(NoReply) {
        guard let url = URLComponents(string: address), url.scheme == "http", let host = url.host, !host.isEmpty,
            url.path.isEmpty || url.path == "/"
        else { throw NoReply(description: "\(address) is no admin address; give http://host:port") }
        self.address = address
        self.host = host
        port = url.port ?? 80
    }

    /// One request and its reply.
    ///
    /// - Parameters:
    ///   - target: path and query, percent-encoded.
    ///   - body: called for the next piece until it gives nil; nil: no body.
    ///   - onPiece: given each piece of a reply in the 200s as it comes.
    package func call(
        _ method: String, _ target: String, body: (@Sendable () throws -> ByteBuffer?)? = nil,
        onPiece: (@Sendable (ByteBuffer) throws -> Void)? = nil
    ) async throws -> Reply {
        let channel: NIOAsyncChannel<HTTPClientResponsePart, HTTPPart<HTTPRequestHead, ByteBuffer>>
        do {
            channel = try await connect()
        } catch {
            throw NoReply(description: "no receiver at \(address): \(error); start one, or say where with --admin")
        }
        return try await channel.executeThenClose { inbound, outbound in
            var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: target)
            head.headers.add(name: "host", value: "\(host):\(port)")
            head.headers.add(name: "connection", value: "close")
            if body != nil { head.headers.add(name: "transfer-encoding", value: "chunked") }
            try await outbound.write(.head(head))
            do {
                while let piece = try body?() { try await outbound.write(.body(piece)) }
                try await outbound.write(.end(nil))
            } catch is ChannelError {
                // It answered before the body's end: the answer says why.
            }
            return try await read(inbound, onPiece)
        }
    }

    private func read(
        _ parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>,
        _ onPiece: (@Sendable (ByteBuffer) throws -> Void)?
    ) async throws -> Reply {
        var status = 0
        var gathered: [UInt8] = []
        for try await part in parts {
            switch part {
            case .head(let head): status = Int(head.status.code)
            case .body(let piece):
                if let onPiece, status / 100 == 2 {
                    try onPiece(piece)
                } else {
                    gathered.append(contentsOf: piece.readableBytesView)
                }
                guard gathered.count <= AdminCaller.mostGathered else {
                    throw NoReply(description: "\(address): the answer does not end")
                }
            case .end: return Reply(status: status, body: gathered)
            }
        }
        throw NoReply(description: "\(address) closed the connection before its answer was whole")
    }

    private func connect() async throws -> NIOAsyncChannel<
        HTTPClientResponsePart, HTTPPart<HTTPRequestHead, ByteBuffer>
    > {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(BufferParts())
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }
}

/// Requests whose bodies are plain buffers, for the encoder that takes buffers or files.
private final class BufferParts: ChannelOutboundHandler {
    typealias OutboundIn = HTTPPart<HTTPRequestHead, ByteBuffer>
    typealias OutboundOut = HTTPClientRequestPart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPClientRequestPart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let bytes): .body(.byteBuffer(bytes))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
