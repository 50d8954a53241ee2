import Foundation
import Glibc
import NIOConcurrencyHelpers
package import NIOCore
import NIOHTTP1
import NIOPosix

/// Calls a running receiver's admin port, for the command's verbs. One connection per request.
package struct AdminCaller: Sendable {
    /// `http://host:port`.
    package let address: String
    private let host: String
    private let port: Int

    package struct Reply: Sendable {
        package let status: Int
        /// Empty if the parts went to `onPiece`.
        package let body: [UInt8]
    }

    /// What the admin port answers to a successful request. Anything else is another port's answer, most likely the
    /// data port's, which answers 200 to every POST.
    package enum Shape: Sendable {
        /// A JSON object with at least these members.
        case object([String])
        /// A JSON list of objects.
        case list
        /// This media type.
        case text(String)
        /// 204, which any server may answer, so the identity of the server is checked first.
        case nothing
    }

    /// Why there is no reply.
    package struct NoReply: Error, CustomStringConvertible {
        package let description: String
    }

    /// The most bytes of a reply that are collected.
    private static let mostGathered = 256 << 20

    /// The default time that the other side may take for its next step.
    package static let patience = TimeAmount.seconds(30)

    package init(_ address: String) throws(NoReply) {
        guard let url = URLComponents(string: address), url.scheme == "http", let host = url.host, !host.isEmpty,
            url.path.isEmpty || url.path == "/"
        else { throw NoReply(description: "\(address) is not an admin address; expected http://host:port") }
        self.address = address
        self.host = host
        port = url.port ?? 80
    }

    /// Makes one request and returns its reply: what `shape` says, or a problem document.
    ///
    /// - Parameters:
    ///   - target: path and query, percent-encoded.
    ///   - patience: how long the other side may be silent, or read nothing of the body; nil: without limit.
    ///   - body: called for the next part until it returns nil; nil: no body.
    ///   - onPiece: called with each part of a reply in the 200s as it arrives.
    /// - Throws: `NoReply`, also for an answer that is not from an admin port, and what `body` and `onPiece` throw.
    package func call(
        _ method: String, _ target: String, answers shape: Shape, patience: TimeAmount? = AdminCaller.patience,
        body: (@Sendable () throws -> ByteBuffer?)? = nil, onPiece: (@Sendable (ByteBuffer) throws -> Void)? = nil
    ) async throws -> Reply {
        if case .nothing = shape {
            _ = try await call("GET", "/stats", answers: .object(["totals", "messages"]), patience: patience)
        }
        let channel: NIOAsyncChannel<HTTPClientResponsePart, HTTPPart<HTTPRequestHead, ByteBuffer>>
        do {
            channel = try await connect()
        } catch {
            throw unreachable(error)
        }
        let watch = Watch(channel: channel.channel, patience: patience)
        do {
            return try await channel.executeThenClose { inbound, outbound in
                var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: target)
                head.headers.add(name: "host", value: "\(host):\(port)")
                head.headers.add(name: "connection", value: "close")
                if body != nil { head.headers.add(name: "transfer-encoding", value: "chunked") }
                do {
                    try await watch.write(.head(head), outbound)
                    while let piece = try body?() { try await watch.write(.body(piece), outbound) }
                    try await watch.write(.end(nil), outbound)
                } catch  where error is ChannelError || error is IOError {
                    // It answered before the end of the body; the answer says why.
                }
                return try await read(inbound, shape, watch, onPiece)
            }
        } catch {
            throw explained(error, watch)
        }
    }

    private func read(
        _ parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>, _ shape: Shape, _ watch: Watch,
        _ onPiece: (@Sendable (ByteBuffer) throws -> Void)?
    ) async throws -> Reply {
        var status = 0
        var type = ""
        var gathered: [UInt8] = []
        var clock = watch.start()
        defer { clock?.cancel() }
        for try await part in parts {
            clock?.cancel()
            switch part {
            case .head(let head):
                status = Int(head.status.code)
                type = AdminCaller.mediaType(head)
                // Fail at once, because another server's body may be endless.
                guard isOurs(shape, status, type) else {
                    throw wrongServer("\(status)\(type.isEmpty ? " without a content type" : " with \(type)")")
                }
            case .body(let piece):
                if let onPiece, status / 100 == 2 {
                    try onPiece(piece)
                } else {
                    gathered.append(contentsOf: piece.readableBytesView)
                }
                guard gathered.count <= AdminCaller.mostGathered else {
                    throw NoReply(description: "\(address): the answer does not end")
                }
            case .end:
                guard isOurs(shape, type, gathered) else {
                    throw wrongServer("\(status): \(String(decoding: gathered.prefix(200), as: UTF8.self))")
                }
                return Reply(status: status, body: gathered)
            }
            clock = watch.start()
        }
        throw NoReply(description: "\(address) closed the connection before its answer was complete")
    }

    // MARK: Identifying the server

    private static let json = "application/json"
    private static let problem = "application/problem+json"

    /// Without its parameters, in lower case; empty: there is none.
    private static func mediaType(_ head: HTTPResponseHead) -> String {
        let type = head.headers.first(name: "content-type") ?? ""
        return type.prefix { $0 != ";" && $0 != " " }.lowercased()
    }

    /// By its head.
    private func isOurs(_ shape: Shape, _ status: Int, _ type: String) -> Bool {
        if type == AdminCaller.problem { return status >= 400 }
        switch shape {
        case .object: return type == AdminCaller.json
        case .list: return type == AdminCaller.json && status == 200
        case .text(let wanted): return type == wanted && status == 200
        case .nothing: return status == 204
        }
    }

    /// By its body.
    private func isOurs(_ shape: Shape, _ type: String, _ body: [UInt8]) -> Bool {
        if type == AdminCaller.problem { return AdminCaller.members(of: body)?["detail"] is String }
        switch shape {
        case .object(let names):
            guard let members = AdminCaller.members(of: body) else { return false }
            return names.allSatisfy { members[$0] != nil }
        case .list: return (try? JSONSerialization.jsonObject(with: Data(body))) is [[String: Any]]
        case .text, .nothing: return true
        }
    }

    private static func members(of body: [UInt8]) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any]
    }

    // MARK: Why there is no answer

    private func wrongServer(_ answer: String) -> NoReply {
        NoReply(description: "\(address) answers \(answer); is this a mock receiver's admin port?")
    }

    private func unreachable(_ error: any Error) -> NoReply {
        let remedy = "is the receiver started? --admin names another"
        let failures = error as? NIOConnectionError
        let causes: [any Error] = [error] + (failures?.connectionErrors.map(\.error) ?? [])
        let codes = causes.compactMap { ($0 as? IOError)?.errnoCode }
        if codes.contains(ECONNREFUSED) {
            return NoReply(description: "nothing listens at \(address) (connection refused); \(remedy)")
        }
        if let code = codes.first {
            return NoReply(description: "cannot reach \(address): \(String(cString: strerror(code))); \(remedy)")
        }
        if let failures, failures.connectionErrors.isEmpty {
            return NoReply(description: "cannot reach \(address): there is no host \(host); --admin names another")
        }
        return NoReply(description: "\(address) does not accept connections; \(remedy)")
    }

    /// Plain messages for errors of the system and the parser; other errors are the caller's own.
    private func explained(_ error: any Error, _ watch: Watch) -> any Error {
        if watch.isOver, let patience = watch.patience {
            let seconds = patience.nanoseconds / 1_000_000_000
            return NoReply(
                description: "\(address) has not answered for \(seconds) s; is this a mock receiver's admin port?")
        }
        if error is HTTPParserError { return wrongServer("with something that is not HTTP") }
        if let error = error as? IOError {
            let reason = String(cString: strerror(error.errnoCode))
            return NoReply(description: "\(address) broke the connection: \(reason)")
        }
        return error
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

/// Closes the connection if the other side takes too long.
private struct Watch: Sendable {
    let channel: any Channel
    /// nil: no limit.
    let patience: TimeAmount?
    private let ended = NIOLockedValueBox(false)

    init(channel: any Channel, patience: TimeAmount?) {
        self.channel = channel
        self.patience = patience
    }

    /// Whether that has happened.
    var isOver: Bool { ended.withLockedValue { $0 } }

    /// Cancel it when the awaited step has come.
    func start() -> Scheduled<Void>? {
        patience.map { patience in
            channel.eventLoop.scheduleTask(in: patience) { [channel, ended] in
                ended.withLockedValue { $0 = true }
                channel.close(promise: nil)
            }
        }
    }

    func write(
        _ part: HTTPPart<HTTPRequestHead, ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPPart<HTTPRequestHead, ByteBuffer>>
    ) async throws {
        let clock = start()
        defer { clock?.cancel() }
        try await outbound.write(part)
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
