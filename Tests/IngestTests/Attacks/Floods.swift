import Ingest
import NIOCore
import Testing
import WireProtocol

/// Attacks with many frames, or with frames that break the protocol.
enum Floods {
    /// Frames that publish nothing, as fast as they go: answered up to the limit, then the connection closes.
    static func control() async throws {
        let attacked = try await AttackedServer()
        let pong = Pong(ping: Ping(opaque: 1, sentAt: 2), receivedAt: 3, answeredAt: 4)
        var corrupt = SessionDriver.publish(5)
        corrupt[corrupt.count - 1] ^= 1
        for (frame, answer) in [
            (bytes(Ping(opaque: 1, sentAt: 2)), "PONG 1"), (bytes(pong), nil), (corrupt, "ACK 5 CORRUPT"),
        ] {
            let peer = try RawSocket.welcomed(port: attacked.port)
            let flood = [[UInt8]](repeating: frame, count: 10_000).flatMap { $0 }
            _ = peer.sendIfRoom(flood, from: 0)
            let answers = [String](repeating: answer ?? "", count: answer == nil ? 0 : 100)
            #expect(try peer.replies(answers.count + 2) == answers + ["CLOSE TOO_MANY_CONTROL_FRAMES", "end"])
            peer.close()
        }
        attacked.expectCost(of: "three floods of 10,000 control frames", connections: 3, most: 2 << 20)
        await attacked.server.shutdown()
    }

    private static func bytes(_ message: some Message) -> [UInt8] {
        var buffer = ByteBuffer()
        message.write(to: &buffer, requestID: 1)
        return Array(buffer.readableBytesView)
    }

    /// The window to its last event and byte, and then one more.
    static func window() async throws {
        let attacked = try await AttackedServer(answers: false) {
            $0.eventsPerFrame = 10
            $0.windowEvents = 10
        }
        for (rest, isOver) in [(1, false), (2, true)] {
            let peer = try RawSocket.welcomed(port: attacked.port)
            let taken = attacked.server.counters.events
            try peer.send(SessionDriver.publish(1, count: 9) + SessionDriver.publish(2, count: rest))
            if isOver {
                try await until("the connection is given up") { attacked.server.counters.protocolErrors == 1 }
            } else {
                try await until("ten are taken") { attacked.server.counters.events == taken + 10 }
                #expect(attacked.server.counters.protocolErrors == 0)
            }
            peer.close()
        }
        await attacked.server.shutdown()
    }

    /// The same in bytes.
    static func windowBytes() async throws {
        let frame = SessionDriver.publish(1, payload: 250_000)
        let twoBodies = 2 * (frame.count - FrameHeader.byteCount)
        for missing in [0, 1] {
            let attacked = try await AttackedServer(answers: false) {
                $0.frameBytes = 300_000
                $0.windowBytes = twoBodies - missing
            }
            let peer = try RawSocket.welcomed(port: attacked.port)
            let start = attacked.bytesRead
            try peer.send(frame + frame)
            try await attacked.hasRead(2 * frame.count, since: start)
            #expect(attacked.server.counters.protocolErrors == missing)
            peer.close()
            await attacked.server.shutdown()
        }
    }

    /// Wrong lengths: each closes its connection and costs no memory.
    static func lies() async throws {
        let attacked = try await AttackedServer()
        let cases: [(body: [UInt8], closes: String)] = [
            ([0, 0, 0, 0], "PROTOCOL_ERROR"),  // A count of zero.
            ([0xFF, 0xFF, 0xFF, 0xFF], "FRAME_TOO_LARGE"),  // Four billion events.
            ([0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF], "PROTOCOL_ERROR"),  // A record of 4 GiB.
            ([0, 0, 0, 1, 0, 0, 0, 2, 1], "PROTOCOL_ERROR"),  // A record that reaches beyond the end.
            ([0, 0, 0, 1, 0, 0, 0, 0, 1], "PROTOCOL_ERROR"),  // A byte left over.
            ([0, 0, 0, 2, 0, 0, 0, 0], "PROTOCOL_ERROR"),  // Fewer records than the count.
            ([0, 0, 0], "PROTOCOL_ERROR"),  // Half a count.
        ]
        for (body, closes) in cases {
            let peer = try RawSocket.welcomed(port: attacked.port)
            try peer.send(OddFrames.frame(.publish, body: body))
            #expect(try peer.replies(2) == ["CLOSE \(closes)", "end"], "\(body)")
            peer.close()
        }
        let peer = try RawSocket.welcomed(port: attacked.port)
        try peer.send(header(length: 0xFFFF_FFFF))
        #expect(try peer.replies(2) == ["CLOSE FRAME_TOO_LARGE", "end"])
        peer.close()
        attacked.expectCost(of: "lying lengths", connections: cases.count + 1, most: 1 << 20)
        await attacked.server.shutdown()
    }

    /// A header with a valid checksum, without its body.
    private static func header(length: UInt32) -> [UInt8] {
        var header = FrameHeader(type: .publish, requestID: 1, body: UnsafeRawBufferPointer(start: nil, count: 0))
        header.bodyLength = length
        var bytes = [UInt8](repeating: 0, count: FrameHeader.byteCount)
        bytes.withUnsafeMutableBytes { header.write(to: $0) }
        return bytes
    }
}
