import WireProtocol

/// Protocol.md, 5.3 and 5.4: PUBLISH and its ACK.
enum PublishChecks {
    static let all = [requestIDs, eachOnce, order, corruptBetween] + broken + [tooMany, mostEvents, largestFrame]

    private static let requestIDs = Check(
        "publish-ack", ["5.4.1"], "a PUBLISH is answered with one ACK under its request id"
    ) {
        let peer = try $0.welcomed()
        for id in [0, 1, 0x8000_0000_0000_0000, UInt64.max] {
            peer.send($0.publish(id, events: 3))
            try peer.expectAck(id, [.stored, .stored, .stored], "5.4.1")
        }
    }

    private static let eachOnce = Check(
        "publish-pipelined", ["5.4.1", "5.4.3"], "each of many PUBLISH frames sent without waiting gets exactly one ACK"
    ) { stage in
        let peer = try stage.welcomed()
        let counts = (1...60).map { (id: UInt64($0), events: $0 % 3 + 1) }
        peer.send(counts.flatMap { stage.publish($0.id, events: $0.events).bytes })
        let wanted = counts.map { ($0.id, [Wanted](repeating: .stored, count: $0.events)) }
        try peer.expectAcks(Dictionary(uniqueKeysWithValues: wanted), "5.4.1")
        // One too many would come before the PONG.
        try peer.expectAlive("5.4.1")
    }

    private static let order = Check(
        "publish-order", ["8.5", "5.4.2"], "the commit numbers of one connection's PUBLISH frames do not decrease"
    ) { stage in
        let peer = try stage.welcomed()
        let ids = (1...60).map(UInt64.init)
        peer.send(ids.flatMap { stage.publish($0).bytes })
        let acks = try peer.expectAcks(Dictionary(uniqueKeysWithValues: ids.map { ($0, [.stored]) }), "5.4.1")
        let inOrder = ids.compactMap { acks[$0]?.commit }.filter { $0 != 0 }
        if let fall = zip(inOrder, inOrder.dropFirst()).first(where: { $0 > $1 }) {
            throw peer.deviation("8.5", expected: "a commit of \(fall.0) or later", actual: "\(fall.1)")
        }
        guard inOrder.count == ids.count else {
            throw peer.deviation("5.4.2", expected: "a commit number for every stored event", actual: "0")
        }
    }

    private static let corruptBetween = Check(
        "publish-beside-corrupt", ["3.5", "5.4.1"], "a damaged PUBLISH between two good ones does not affect them"
    ) {
        let peer = try $0.welcomed()
        var damaged = $0.publish(2)
        damaged.bodyChecksumError = 1
        peer.send($0.publish(1), damaged, $0.publish(3))
        let acks = try peer.expectAcks([1: [.stored], 2: [], 3: [.stored]], "3.5")
        guard case .all(let answer)? = acks[2]?.answers, answer.status == .corrupt else {
            throw peer.deviation(
                "3.5", expected: "PUBLISH 2 to be CORRUPT as a whole", actual: "\(acks[2]?.answers as Any)")
        }
    }

    // MARK: Broken forms

    private static let broken = [
        refused("empty", "without a count") { _ in RawFrame(.publish) },
        refused("zero", "of zero events") { _ in .publish(1, []) },
        refused("count-over", "that counts one event too many") { .publish(1, [$0], count: 2) },
        refused("count-under", "that counts one event too few") { .publish(1, [$0, $0], count: 1) },
        refused("left-over", "with a trailing byte") { .publish(1, [$0], appended: [0]) },
        refused("record-over", "whose record extends past its end") { record in
            var frame = RawFrame.publish(1, [record])
            frame.body[4] = 0xFF
            return frame
        },
        refused("record-cut", "that ends inside a record's length") { .publish(1, [$0], count: 2, appended: [0, 0]) },
    ]

    private static func refused(_ id: String, _ what: String, _ make: @escaping @Sendable ([UInt8]) -> RawFrame)
        -> Check
    {
        Check("publish-\(id)", ["5.3.1"], "a PUBLISH \(what) gets CLOSE PROTOCOL_ERROR, and no event of it is stored") {
            let record = $0.event().bytes
            let peer = try $0.welcomed()
            peer.send(make(record))
            try peer.expectClose(.protocolError, "5.3.1")
            let next = try $0.welcomed()
            next.send(RawFrame.publish(1, [record]))
            try next.expectAck(1, [.either(.accepted, .acceptedNoMatch)], "5.3.1")
        }
    }

    // MARK: Sizes

    private static let tooMany = Check(
        "publish-too-many", ["5.3.3"], "a PUBLISH of one event more than announced gets CLOSE FRAME_TOO_LARGE"
    ) {
        let peer = try $0.welcomed()
        let limits = peer.limits
        let record = $0.event().bytes
        let count = limits.eventsPerFrame + 1
        guard 4 + count * (4 + record.count) <= limits.frameBytes else {
            throw SkippedCheck("\(count) events do not fit in a frame of \(limits.frameBytes) bytes")
        }
        try limits.requireAllowed(bytes: count * record.count)
        peer.send(RawFrame.publish(1, Array(repeating: record, count: count)))
        try peer.expectClose(.frameTooLarge, "5.3.3")
    }

    private static let mostEvents = Check(
        "publish-most-events", ["5.3.4"], "a PUBLISH with the announced number of events is accepted"
    ) {
        let peer = try $0.welcomed()
        let limits = peer.limits
        let record = $0.event().bytes
        let count = limits.eventsPerFrame
        guard 4 + count * (4 + record.count) <= limits.frameBytes else {
            throw SkippedCheck("\(count) events do not fit in a frame of \(limits.frameBytes) bytes")
        }
        try limits.requireAllowed(bytes: count * record.count)
        // The same event repeatedly, so that the store is not filled.
        peer.send(RawFrame.publish(1, Array(repeating: record, count: count)))
        try peer.expectAck(1, count: count, all: .stored, "5.3.4")
    }

    private static let largestFrame = Check(
        "publish-largest-frame", ["5.3.4"], "a PUBLISH with the announced length of body is accepted"
    ) { stage in
        let peer = try stage.welcomed()
        let limits = peer.limits
        try limits.requireAllowed(bytes: limits.frameBytes)
        var left = limits.frameBytes - 4
        let overhead = stage.event().bytes.count - stage.event().payload.count + 4
        var records: [[UInt8]] = []
        while left > 0, records.count < limits.eventsPerFrame {
            var event = stage.event()
            var size = min(left - overhead, limits.eventBytes)
            // The remaining space must fit one more event.
            if left - overhead - size > 0, left - overhead - size < overhead { size -= overhead }
            event.payload = [UInt8](repeating: 0x20, count: max(0, size))
            records.append(event.bytes)
            left -= 4 + records.last!.count
        }
        guard left == 0 else { throw SkippedCheck("\(records.count) events do not fill \(limits.frameBytes) bytes") }
        peer.send(RawFrame.publish(1, records))
        try peer.expectAck(1, count: records.count, all: .stored, "5.3.4")
    }
}
