import Glibc
import WireProtocol

/// Protocol.md, 1.3, 5.6 and 5.7: how connections end.
enum EndingChecks {
    static let all = [halfClose, clientClose, answersFirst, nothingAfter, drain]

    private static let halfClose = Check(
        "end-half-close", ["1.3"], "a client that ends its direction after a PUBLISH gets its ACK, then the end"
    ) {
        let peer = try $0.welcomed()
        peer.send($0.publish(1), $0.publish(2))
        peer.finish()
        try peer.expectAcks([1: [.stored], 2: [.stored]], "1.3")
        try peer.expectEnd("1.3", after: "the last ACK")
    }

    private static let clientClose = Check(
        "end-client-close", ["5.7.4"],
        "a client that sends CLOSE after a PUBLISH gets its ACK, and the connection ends without a CLOSE"
    ) {
        let peer = try $0.welcomed()
        peer.send($0.publish(1), .close(ProtocolStatus(rawValue: 0x0409), text: Array("done".utf8)))
        try peer.expectAck(1, [.stored], "5.7.4")
        try peer.expectEnd("5.7.4", after: "the last ACK")
    }

    private static let answersFirst = Check(
        "end-answers-first", ["5.7.2"], "every PUBLISH before a fault is answered before the CLOSE"
    ) {
        let peer = try $0.welcomed()
        var fault = RawFrame.ping(3)
        fault.headerChecksumError = 1
        peer.send($0.publish(1), $0.publish(2), fault)
        try peer.expectAcks([1: [.stored], 2: [.stored]], "5.7.2")
        try peer.expectClose(.headerCorrupt, "5.7.2")
    }

    private static let nothingAfter = Check(
        "end-nothing-after", ["5.7.1", "5.7.3"], "after its CLOSE the server answers nothing and ends its direction"
    ) {
        let peer = try $0.welcomed()
        peer.send(RawFrame(type: 0), $0.publish(1), .ping(2))
        try peer.expectClose(.protocolError, "5.7.1")
    }

    private static let drain = Check(
        "end-drain", ["5.6.2", "5.6.3", "5.6.5"],
        "a server that shuts down sends GOAWAY, answers a later PUBLISH with DRAINING, and closes with CLOSE DRAINING",
        pace: .last
    ) {
        guard let command = $0.subject.drainCommand else { throw SkippedCheck("it needs --drain-command") }
        let peer = try $0.welcomed()
        peer.send($0.publish(1))
        try peer.expectAck(1, [.stored], "5.6.5")
        guard system(command) == 0 else { throw SkippedCheck("\(command): did not exit with 0") }
        let reply = peer.next()
        guard case .frame(let frame) = reply, frame.decoded(GoAway.self) != nil else {
            throw peer.deviation("5.6.5", expected: "GOAWAY", actual: reply)
        }
        let crossing = $0.publish(2, events: 2)
        peer.send(crossing)
        try peer.expectAck(2, [.status(.draining), .status(.draining)], "5.6.2")
        try peer.expectClose(.draining, "5.6.3")
    }
}
