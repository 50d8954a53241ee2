import WireProtocol

/// Protocol.md, 8.4: what may be unacknowledged.
enum WindowChecks {
    static let all = [full, events, bytes]

    private static let full = Check("window-full", ["8.4"], "a window filled to its last event is accepted") { stage in
        let peer = try stage.welcomed()
        let load = try eventLoad(peer.limits, stage).frames
        peer.send(load.flatMap(\.bytes))
        for (index, frame) in load.enumerated() {
            let reply = peer.next()
            guard case .frame(let answer) = reply, answer.decoded(Ack.self) != nil else {
                throw peer.deviation("8.4", expected: "ACK \(frame.requestID) of \(load.count)", actual: reply)
            }
            if index == load.count - 1 { try peer.expectAlive("8.4") }
        }
    }

    private static let events = Check(
        "window-events", ["8.4"], "one event over the announced window gets CLOSE WINDOW_EXCEEDED"
    ) { stage in
        try overstep(stage) { limits in
            let load = try eventLoad(limits, stage)
            guard load.bytes + 200 < limits.windowBytes else {
                throw SkippedCheck("the window is full of bytes before it is full of events")
            }
            return load.frames
        }
    }

    private static let bytes = Check(
        "window-bytes", ["8.4"], "one byte over the announced window gets CLOSE WINDOW_EXCEEDED"
    ) { stage in
        try overstep(stage) { try byteLoad($0, stage) }
    }

    /// PUBLISH frames that fill the window's events exactly, or its bytes if those are full before. The same event is
    /// repeated: the window counts each copy, and the store keeps one.
    private static func eventLoad(_ limits: AnnouncedLimits, _ stage: Stage) throws -> (frames: [RawFrame], bytes: Int)
    {
        let record = stage.event().bytes
        let each = 4 + record.count
        try limits.requireAllowed(bytes: min(limits.windowBytes, limits.windowEvents * each))
        var events = limits.windowEvents
        var bytes = 0
        var frames: [RawFrame] = []
        while events > 0 {
            let count = min(events, limits.records(of: record.count), (limits.windowBytes - bytes - 4) / each)
            guard count > 0 else { break }
            frames.append(.publish(UInt64(frames.count + 1), Array(repeating: record, count: count)))
            events -= count
            bytes += 4 + count * each
        }
        return (frames, bytes)
    }

    /// PUBLISH frames that fill the window's bytes, as far as whole frames can.
    private static func byteLoad(_ limits: AnnouncedLimits, _ stage: Stage) throws -> [RawFrame] {
        try limits.requireAllowed(bytes: limits.windowBytes)
        var event = stage.event()
        event.payload = [UInt8](repeating: 0x20, count: min(limits.eventBytes, limits.windowBytes))
        let record = event.bytes
        let inFrame = limits.records(of: record.count)
        guard inFrame > 0 else { throw SkippedCheck("an event of \(limits.eventBytes) bytes does not fit in a frame") }
        let count = limits.windowBytes / (4 + inFrame * (4 + record.count)) + 1
        guard count * inFrame <= limits.windowEvents else {
            throw SkippedCheck("the window is full of events before it is full of bytes")
        }
        return (1...count).map { .publish(UInt64($0), Array(repeating: record, count: inFrame)) }
    }

    /// Fills the window, adds one event and a PING. A server that answers the PING before it has acknowledged anything
    /// held more than it announced. A server that acknowledges before that has never seen the excess.
    private static func overstep(_ stage: Stage, _ load: (AnnouncedLimits) throws -> [RawFrame]) throws {
        for _ in 1...3 {
            let peer = try stage.welcomed()
            let frames = try load(peer.limits) + [stage.publish(0x00E0)]
            let ping = RawFrame.ping(0x00E1)
            peer.send((frames + [ping]).flatMap(\.bytes))
            var acknowledged = 0
            while true {
                let reply = peer.next()
                guard case .frame(let frame) = reply else {
                    throw peer.deviation("8.4", expected: "CLOSE WINDOW_EXCEEDED", actual: reply)
                }
                if let close = frame.decoded(Close.self), close.status == .windowExceeded {
                    return try peer.expectEnd("5.7.3", after: "CLOSE WINDOW_EXCEEDED")
                }
                if frame.header.type == .ack {
                    acknowledged += 1
                } else if frame.header.type == .pong, frame.header.requestID == 0x00E1 {
                    if acknowledged > 0 { break }
                    throw peer.deviation("8.4", expected: "CLOSE WINDOW_EXCEEDED before PONG", actual: reply)
                } else {
                    throw peer.deviation("8.4", expected: "CLOSE WINDOW_EXCEEDED", actual: reply)
                }
            }
        }
        throw SkippedCheck("the server acknowledges faster than its window fills; announce a smaller one")
    }
}
