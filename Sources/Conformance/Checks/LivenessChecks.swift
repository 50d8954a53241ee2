import WireProtocol

/// Protocol.md, 5.5 and 8.6 to 8.9: PING, silence, slowness, floods.
enum LivenessChecks {
    static let all =
        [ping, clock, pong, controlFrames, flood, skippedFlood, lawfulPace, slowHeader, slowBody, idle]
        + silences

    private static let ping = Check("ping-echo", ["5.5.1"], "PONG has the PING's request id and sixteen bytes") {
        let peer = try $0.welcomed()
        for id in [0, 1, UInt64.max] {
            let ping = RawFrame.ping(id, opaque: .random(in: .min ... .max), sentAt: .random(in: .min ... .max))
            peer.send(ping)
            try peer.expectPong(id, of: ping, "5.5.1")
        }
    }

    private static let clock = Check(
        "ping-clock", ["5.5.2"], "the times in PONG are in order, and clocks advance"
    ) {
        let peer = try $0.welcomed()
        var latest = Int64.min
        for id: UInt64 in 1...3 {
            let ping = RawFrame.ping(id)
            peer.send(ping)
            let pong = try peer.expectPong(id, of: ping, "5.5.1")
            guard pong.answeredAt >= pong.receivedAt, pong.receivedAt >= latest else {
                throw peer.deviation(
                    "5.5.2", expected: "ascending times", actual: "\(latest), \(pong.receivedAt), \(pong.answeredAt)")
            }
            latest = pong.answeredAt
        }
    }

    private static let pong = Check("ping-no-answer", ["5.5.3"], "a PONG is not answered") {
        let peer = try $0.welcomed()
        let ping = RawFrame.ping(9)
        peer.send(.pong(8), ping)
        try peer.expectPong(9, of: ping, "5.5.3")
    }

    // MARK: Floods

    private static let controlFrames = Check("flood-below", ["8.9"], "100 PINGs at once are all answered") {
        let peer = try $0.welcomed()
        let pings = (1...100).map { RawFrame.ping($0, opaque: $0) }
        peer.send(pings.flatMap(\.bytes))
        for ping in pings { try peer.expectPong(ping.requestID, of: ping, "8.9") }
    }

    private static let flood = Check("flood-ping", ["8.9"], "1,000 PINGs at once get CLOSE TOO_MANY_CONTROL_FRAMES") {
        try floodEnds($0, with: { RawFrame.ping($0) })
    }

    private static let skippedFlood = Check(
        "flood-skipped", ["8.9"], "1,000 skippable frames at once get CLOSE TOO_MANY_CONTROL_FRAMES"
    ) {
        try floodEnds($0, with: { RawFrame(type: 0x90, requestID: $0) })
    }

    private static func floodEnds(_ stage: Stage, with frame: (UInt64) -> RawFrame) throws {
        let peer = try stage.welcomed()
        peer.send((1...1_000).flatMap { frame($0).bytes })
        while true {
            let reply = peer.next()
            guard case .frame(let frame) = reply else {
                throw peer.deviation("8.9", expected: "CLOSE TOO_MANY_CONTROL_FRAMES", actual: reply)
            }
            if frame.header.type == .pong { continue }
            guard frame.decoded(Close.self)?.status == .tooManyControlFrames else {
                throw peer.deviation("8.9", expected: "CLOSE TOO_MANY_CONTROL_FRAMES", actual: reply)
            }
            return try peer.expectEnd("5.7.3", after: "CLOSE TOO_MANY_CONTROL_FRAMES")
        }
    }

    // MARK: Slowness

    private static let lawfulPace = Check(
        "slow-lawful", ["8.8"], "a PUBLISH whose body comes within a second is accepted", pace: .slow
    ) {
        let peer = try $0.welcomed()
        let bytes = $0.publish(4).bytes
        // Two parts, a second apart: half of the grace time of section 9.
        peer.send(Array(bytes[..<40]))
        if peer.hasReply(within: .seconds(1)) {
            throw peer.deviation("8.8", expected: "nothing before the frame is complete", actual: peer.next())
        }
        peer.send(Array(bytes[40...]))
        try peer.expectAck(4, [.stored], "8.8")
    }

    private static let slowHeader = Check(
        "slow-header", ["8.7"],
        "a frame header that is not whole after 5 s gets CLOSE TIMEOUT, whether it comes slowly or not at all",
        pace: .slow
    ) {
        let peer = try $0.welcomed()
        // 24 bytes at half a second each would take twelve seconds.
        peer.drip($0.publish(4).bytes, every: .milliseconds(500))
        try peer.expectClose(.timeout, "8.7", within: peer.patience)
    }

    private static let slowBody = Check(
        "slow-body", ["8.8"],
        "a body slower than 32 KiB/s after 2 s gets CLOSE TIMEOUT, whether it comes slowly or not at all", pace: .slow
    ) {
        let peer = try $0.welcomed()
        let bytes = $0.publish(4).bytes
        peer.send(Array(bytes[..<FrameHeader.byteCount]))
        peer.drip(Array(bytes[FrameHeader.byteCount...]), every: .milliseconds(200))
        try peer.expectClose(.timeout, "8.8", within: peer.patience)
    }

    private static let idle = Check(
        "idle-timeout", ["8.6"], "a connection that is silent for longer than announced gets CLOSE TIMEOUT", pace: .slow
    ) {
        let peer = try $0.welcomed()
        let announced = peer.limits.idleTimeout
        guard announced <= .seconds(5) else {
            throw SkippedCheck(
                "the announced idle timeout is \(announced.milliseconds / 1_000) s; checks wait for at most 5 s")
        }
        try peer.expectClose(.timeout, "8.6", within: announced + peer.patience)
    }

    // MARK: Before HELLO

    private static let helloTime = Duration.seconds(5)

    private static let silences = [
        Check(
            "silence-before-preface", ["5.1.5"],
            "a client that connects and sends nothing is closed after 5 s, without an answer",
            pace: .slow
        ) {
            let peer = try $0.connect()
            try peer.expectEnd("5.1.5", after: "5 s of silence", within: helloTime + peer.patience)
        },
        Check(
            "silence-in-preface", ["5.1.5"],
            "a client that sends half a preface is closed after 5 s, without an answer", pace: .slow
        ) {
            let peer = try $0.connect()
            peer.send(Array(Preface.bytes[..<4]))
            try peer.expectEnd("5.1.5", after: "5 s of silence", within: helloTime + peer.patience)
        },
        Check(
            "silence-before-hello", ["5.1.5"],
            "a client that sends the preface and no HELLO gets CLOSE TIMEOUT after 5 s",
            pace: .slow
        ) {
            let peer = try $0.greeted()
            try peer.expectClose(.timeout, "5.1.5", within: helloTime + peer.patience)
        },
        Check(
            "silence-in-hello", ["5.1.5"], "a client that sends its HELLO slowly gets CLOSE TIMEOUT after 5 s",
            pace: .slow
        ) {
            let peer = try $0.greeted()
            peer.drip($0.hello().bytes, every: .milliseconds(500))
            try peer.expectClose(.timeout, "5.1.5", within: peer.patience)
        },
    ]
}
