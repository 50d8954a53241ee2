import WireProtocol

/// Protocol.md, 8.2 and 8.11: one identity, one event.
enum DuplicateChecks {
    static let all = [again, elsewhere, conflict, inOneFrame]

    private static let again = Check(
        "duplicate-again", ["8.2"], "the same event again is DUPLICATE, however often it is sent"
    ) {
        let peer = try $0.welcomed()
        let record = $0.event().bytes
        peer.send(RawFrame.publish(1, [record]))
        try peer.expectAck(1, [.either(.accepted, .acceptedNoMatch)], "8.2")
        for id: UInt64 in 2...3 {
            peer.send(RawFrame.publish(id, [record]))
            try peer.expectAck(id, [.status(.duplicate)], "8.2")
        }
    }

    private static let elsewhere = Check(
        "duplicate-resent", ["8.2", "8.3"], "the same event on another connection is DUPLICATE: a resend is safe"
    ) {
        let record = $0.event().bytes
        let first = try $0.welcomed()
        first.send(RawFrame.publish(1, [record]))
        try first.expectAck(1, [.stored], "8.2")
        let second = try $0.welcomed()
        second.send(RawFrame.publish(1, [record]))
        try second.expectAck(1, [.status(.duplicate)], "8.2")
    }

    private static let conflict = Check(
        "duplicate-conflict", ["8.2", "6.6"],
        "the same id with other content is CONFLICT, the other event is stored"
    ) {
        let peer = try $0.welcomed()
        var event = $0.event()
        peer.send(RawFrame.publish(1, [event.bytes]))
        try peer.expectAck(1, [.stored], "8.2")
        // The same length, one byte different.
        event.payload = Array("[]".utf8)
        peer.send(RawFrame.publish(2, [event.bytes, $0.event().bytes]))
        try peer.expectAck(2, [.status(.conflict), .stored], "8.2")
        event.payload = Array("{}".utf8)
        event.type += Array(".other".utf8)
        peer.send(RawFrame.publish(3, [event.bytes]))
        try peer.expectAck(3, [.status(.conflict)], "8.2")
    }

    private static let inOneFrame = Check(
        "duplicate-in-frame", ["8.11", "5.4.6"],
        "if an id occurs twice in a PUBLISH, the first event is stored and the second compared with it"
    ) {
        let peer = try $0.welcomed()
        var event = $0.event()
        let record = event.bytes
        event.payload = Array("[]".utf8)
        peer.send(RawFrame.publish(1, [record, record, event.bytes]))
        try peer.expectAck(1, [.either(.accepted, .acceptedNoMatch), .status(.duplicate), .status(.conflict)], "8.11")
    }
}
