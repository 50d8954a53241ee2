import Ingest
import NIOCore
import Testing
import WireProtocol

/// Attacks with many connections.
enum Crowds {
    /// Ten thousand authenticated, silent producers.
    static func idle() async throws {
        let attacked = try await AttackedServer()
        let count = min(10_000, AttackedServer.connectionsAllowed)
        if count < 10_000 { print("attack: only \(count) connections: the limit of descriptors allows no more") }
        try await OwnDescriptors.run {
            for _ in 0..<count { _ = try RawSocket.welcomed(port: attacked.port) }
            attacked.expectCost(of: "silent producers", connections: count, most: count * 20_480)
            // The server still works.
            let next = try RawSocket.welcomed(port: attacked.port)
            try next.send(SessionDriver.publish(5))
            #expect(try next.replies(1) == ["ACK 5 ACCEPTED"])
        }
        try await until("they are gone") { attacked.server.counters.connectionsOpen == 0 }
        attacked.expectCost(of: "the same, gone again", connections: count, most: count * 2_048)
        await attacked.server.shutdown()
    }

    /// As many unauthenticated connections as the limits allow, from sixteen addresses, each with all the bytes that it may send.
    static func unauthenticated() async throws {
        let attacked = try await AttackedServer()
        let known = try RawSocket.welcomed(port: attacked.port)
        // 4,096 bytes with the preface: a HELLO that lacks its end.
        let start = Preface.bytes + OddFrames.hello(bodyBytes: 4_096 - 8 - 24)
        let bytesRead = attacked.bytesRead
        var peers: [RawSocket] = []
        for host in 1...16 as ClosedRange<UInt8> {
            for _ in 0..<64 { peers.append(try RawSocket(port: attacked.port, host: host)) }
        }
        for peer in peers { try peer.send(start) }
        try await attacked.hasRead(peers.count * start.count, since: bytesRead)
        attacked.expectCost(
            of: "unauthenticated connections with 4 KiB each", connections: peers.count, most: peers.count * 20_480)
        // One more from any address is refused with a CLOSE.
        for host in [1, 17] as [UInt8] {
            let more = try RawSocket(port: attacked.port, host: host)
            #expect(try more.replies(3) == ["preface", "CLOSE TOO_MANY_CONNECTIONS", "end"])
            more.close()
        }
        // An authenticated connection is still served.
        try known.send(SessionDriver.publish(5))
        #expect(try known.replies(1) == ["ACK 5 ACCEPTED"])
        for peer in peers { peer.close() }
        try await until("they are gone") { attacked.server.counters.connectionsOpen == 1 }
        try RawSocket.welcomed(port: attacked.port).close()
        await attacked.server.shutdown()
    }

    /// The sixty-fifth unauthenticated connection from one address.
    static func oneAddress() async throws {
        let attacked = try await AttackedServer()
        let peers = try (0..<64).map { _ in try RawSocket(port: attacked.port, host: 2) }
        let more = try RawSocket(port: attacked.port, host: 2)
        #expect(try more.replies(3) == ["preface", "CLOSE TOO_MANY_CONNECTIONS", "end"])
        try RawSocket(port: attacked.port, host: 3).send(RawSocket.greeting)
        for peer in peers { peer.close() }
        await attacked.server.shutdown()
    }

    /// More than 4 KiB before authentication.
    static func longHello() async throws {
        let attacked = try await AttackedServer()
        let peer = try RawSocket(port: attacked.port)
        try peer.send(Preface.bytes + OddFrames.hello(bodyBytes: 4_096 - 8 - 24 + 1))
        #expect(try peer.replies(3) == ["preface", "CLOSE FRAME_TOO_LARGE", "end"])
        await attacked.server.shutdown()
    }

    /// Guesses of the key: each answer is delayed, and tells nothing else.
    static func guesses() async throws {
        let attacked = try await AttackedServer { $0.authFailureDelayMilliseconds = 200 }
        var hello = ByteBuffer(bytes: Preface.bytes)
        Hello(apiKey: "key-of-acmf", clientName: "guess").write(to: &hello)
        let peers = try (0..<60).map { _ in try RawSocket(port: attacked.port) }
        let start = ContinuousClock.now
        for peer in peers { try peer.send(Array(hello.readableBytesView)) }
        for peer in peers { #expect(try peer.replies(3) == ["preface", "CLOSE AUTH_FAILED", "end"]) }
        #expect(ContinuousClock.now - start >= .milliseconds(200))
        #expect(attacked.server.counters.authFailures == peers.count)
        await attacked.server.shutdown()
    }
}
