import Ingest
import Testing
import WireProtocol

/// Attacks by peers that begin and do not continue.
enum SlowPeers {
    /// Half a frame header, then silence.
    static func headers() async throws {
        let attacked = try await AttackedServer { $0.headerMilliseconds = 300 }
        let half = Array(SessionDriver.publish(5)[..<12])
        let peers = try (0..<500).map { _ in try RawSocket.welcomed(port: attacked.port) }
        let start = attacked.bytesRead
        for peer in peers { try peer.send(half) }
        try await attacked.hasRead(peers.count * half.count, since: start)
        attacked.expectCost(of: "half a header", connections: peers.count, most: peers.count * 20_480)
        for peer in peers { #expect(try peer.replies(2) == ["CLOSE TIMEOUT", "end"]) }
        await attacked.server.shutdown()
    }

    /// Preface and half a HELLO, then silence; and silence from the beginning.
    static func hellos() async throws {
        let attacked = try await AttackedServer {
            $0.helloMilliseconds = 300
            $0.unauthenticatedConnectionsPerAddress = 1_000
        }
        let silent = try (0..<250).map { _ in try RawSocket(port: attacked.port) }
        let slow = try (0..<250).map { _ in try RawSocket(port: attacked.port) }
        for peer in slow { try peer.send(Array(RawSocket.greeting[..<20])) }
        for peer in slow { #expect(try peer.replies(3) == ["preface", "CLOSE TIMEOUT", "end"]) }
        for peer in silent { #expect(try peer.replies(1) == ["end"]) }
        await attacked.server.shutdown()
    }

    /// A frame of the largest size announced, some of it sent, the rest byte by byte.
    static func bodies() async throws {
        let attacked = try await AttackedServer {
            $0.bodyGraceMilliseconds = 100
            $0.bodyBytesPerSecond = 10 << 20
        }
        let frame = SessionDriver.publish(5, count: 4, payload: 262_000 - 1_000)
        let start = Array(frame[..<1_000])
        let peers = try (0..<200).map { _ in try RawSocket.welcomed(port: attacked.port) }
        for peer in peers { try peer.send(start) }
        // All send byte by byte until the server has closed all of them.
        try await until("the last one is cut") {
            for peer in peers { _ = peer.sendIfRoom([0], from: 0) }
            return attacked.server.counters.protocolErrors == peers.count
        }
        #expect(attacked.server.counters.events == 3, "the first connection's alone")
        await attacked.server.shutdown()
    }

    /// Each announces 1 MiB and sends none of it.
    static func announcements() async throws {
        let attacked = try await AttackedServer()
        let frame = SessionDriver.publish(5, count: 4, payload: 262_000 - 1_000)
        let header = Array(frame[..<FrameHeader.byteCount])
        let peers = try (0..<1_000).map { _ in try RawSocket.welcomed(port: attacked.port) }
        let start = attacked.bytesRead
        for peer in peers { try peer.send(header) }
        try await attacked.hasRead(peers.count * header.count, since: start)
        attacked.expectCost(of: "1 MiB announced, none sent", connections: peers.count, most: peers.count * 20_480)
        for peer in peers { peer.close() }
        await attacked.server.shutdown()
    }

    /// All but the last byte of a large frame: only what was sent is kept.
    static func unfinished() async throws {
        let attacked = try await AttackedServer()
        let frame = SessionDriver.publish(5, count: 4, payload: 200_000)
        let peers = try (0..<40).map { _ in try RawSocket.welcomed(port: attacked.port) }
        let start = attacked.bytesRead
        for peer in peers { try peer.send(Array(frame.dropLast())) }
        try await attacked.hasRead(peers.count * (frame.count - 1), since: start)
        attacked.expectCost(
            of: "800 KB of a frame, then silence", connections: peers.count, most: peers.count * (frame.count + 81_920))
        for peer in peers { try peer.send([frame.last!]) }
        for peer in peers { #expect(try peer.replies(1) == ["ACK 5 ACCEPTED ACCEPTED ACCEPTED ACCEPTED"]) }
        // Two sweeps later the memory of the frames is free again.
        let most = 4 << 20
        try? await until("the memory is given back") { attacked.cost <= most }
        attacked.expectCost(of: "the same, when silent again", connections: peers.count, most: most)
        for peer in peers { peer.close() }
        await attacked.server.shutdown()
    }

    /// Peers that vanish: no FIN ever arrives.
    static func halfOpen() async throws {
        let attacked = try await AttackedServer { $0.idleMilliseconds = 300 }
        let peers = try (0..<500).map { _ in try RawSocket.welcomed(port: attacked.port) }
        // They neither read the CLOSE nor end their side: the server does not wait for it.
        try await until("the server has let them go") { attacked.server.counters.connectionsOpen == 0 }
        #expect(attacked.server.counters.protocolErrors == peers.count)
        attacked.expectCost(of: "500 gone without a word", connections: peers.count, most: 1 << 20)
        await attacked.server.shutdown()
    }

    /// Peers that never read: answers grow up to the limit, then reading stops, then the connection is closed.
    static func readers() async throws {
        let attacked = try await AttackedServer {
            $0.outputStallMilliseconds = 300
            // Not the limit that is attacked here.
            $0.windowEvents = 1 << 24
        }
        // Few, because the kernel buffers megabytes of answers for each before the server must keep any.
        let peers = try (0..<2).map { _ in try RawSocket.welcomed(port: attacked.port, receiveBytes: 4_096) }
        let frame = OddFrames.longestAnswers
        var sent = [Int](repeating: 0, count: peers.count)
        var most = 0
        // Measured only now and then: giving free memory back delays the server.
        var nextLook = ContinuousClock.now
        try await until("the last one is cut off") {
            for (index, peer) in peers.enumerated() {
                sent[index] += peer.sendIfRoom(frame, from: sent[index] % frame.count)
            }
            if ContinuousClock.now > nextLook {
                most = max(most, attacked.cost)
                nextLook = .now + .milliseconds(100)
            }
            return attacked.server.counters.connectionsOpen == 0
        }
        #expect(attacked.server.counters.protocolErrors == peers.count)
        most = max(most, attacked.cost)
        AttackedServer.printCost(of: "answers left unread", connections: peers.count, most)
        // The limit of output, the answers of one more read, which may be twice its bytes, and the batch on its way.
        #expect(most <= peers.count * (1 << 20) + (32 << 20))
        for peer in peers { peer.close() }
        await attacked.server.shutdown()
    }
}
