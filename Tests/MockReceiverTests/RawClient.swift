import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A connection that sends what it is told, byte by byte if need be, and reads text.
enum RawClient {
    enum End { case open, closed, reset }

    /// Neither enough nor an end came in time.
    struct Unfinished: Error, CustomStringConvertible {
        let text: String
        var description: String {
            "neither enough nor the end came within \(mostSeconds) s; \(text.utf8.count) bytes came: "
                + text.debugDescription.prefix(1_000)
        }
    }

    /// Longer than any conversation of these tests on a busy machine, shorter than the time limit of a test.
    static let mostSeconds: Int64 = 60

    /// Sends the pieces one after another and reads until `enough` says so or the other side ends.
    ///
    /// - Throws: `Unfinished` after `mostSeconds`.
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
        let connection = channel.channel
        let isLate = NIOLockedValueBox(false)
        let timer = connection.eventLoop.scheduleTask(in: .seconds(mostSeconds)) {
            isLate.withLockedValue { $0 = true }
            connection.close(promise: nil)
        }
        defer { timer.cancel() }
        var bytes = ByteBuffer()
        var end = End.reset
        do {
            end = try await channel.executeThenClose { inbound, outbound in
                for piece in pieces { try await outbound.write(ByteBuffer(string: piece)) }
                if enough("") { return End.open }
                for try await buffer in inbound {
                    bytes.writeImmutableBuffer(buffer)
                    // Whole, because a character's bytes may come in two reads.
                    if enough(String(buffer: bytes)) { return End.open }
                }
                return End.closed
            }
        } catch {
            // A reset is how the other side ended; what came before it counts.
        }
        let text = String(buffer: bytes)
        if isLate.withLockedValue({ $0 }) { throw Unfinished(text: text) }
        return (text, end)
    }

    /// Sends the requests on one connection and returns the statuses of as many answers.
    static func statuses(from port: Int, _ requests: [String], inOnePiece: Bool = false) async throws -> [Int] {
        let count = requests.count
        let pieces = inOnePiece ? [requests.joined()] : requests
        let (text, _) = try await talk(to: port, pieces) { Self.statuses(in: $0).count == count }
        return statuses(in: text)
    }

    /// Of all answers in the text. An answer begins in the middle of a line if the body before it has no line break.
    static func statuses(in text: String) -> [Int] {
        text.utf8.ranges(of: "HTTP/1.1 ".utf8).compactMap { version in
            let digits = text.utf8[version.upperBound...].prefix(3)
            return digits.count == 3 ? Int(Substring(digits)) : nil
        }
    }
}
