import NIOCore
import NIOPosix

/// A connection that sends what it is told, byte by byte if need be, and reads text.
enum RawClient {
    enum End { case open, closed, reset }

    /// Sends the pieces one after another and reads until `enough` says so or the other side ends.
    static func talk(
        to port: Int, _ pieces: [String], until enough: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async throws -> (text: String, end: End) {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        var text = ""
        do {
            let end = try await channel.executeThenClose { inbound, outbound in
                for piece in pieces { try await outbound.write(ByteBuffer(string: piece)) }
                if enough(text) { return End.open }
                for try await buffer in inbound {
                    text += String(buffer: buffer)
                    if enough(text) { return End.open }
                }
                return End.closed
            }
            return (text, end)
        } catch {
            return (text, .reset)
        }
    }

    /// Sends the requests on one connection and returns the statuses of as many answers.
    static func statuses(from port: Int, _ requests: [String], inOnePiece: Bool = false) async throws -> [Int] {
        let count = requests.count
        let pieces = inOnePiece ? [requests.joined()] : requests
        let (text, _) = try await talk(to: port, pieces) { Self.statuses(in: $0).count == count }
        return statuses(in: text)
    }

    static func statuses(in text: String) -> [Int] {
        text.split(separator: "\r\n").filter { $0.hasPrefix("HTTP/1.1 ") }.compactMap { Int($0.dropFirst(9).prefix(3)) }
    }
}
