import WireProtocol

/// The expected answer to an event.
enum Wanted {
    /// Any status of class 0x00.
    case stored
    case status(ProtocolStatus)
    case either(ProtocolStatus, ProtocolStatus)

    func holds(_ status: ProtocolStatus) -> Bool {
        switch self {
        case .stored: status.statusClass == .stored
        case .status(let wanted): status == wanted
        case .either(let one, let other): status == one || status == other
        }
    }

    var text: String {
        switch self {
        case .stored: "stored"
        case .status(let status): "\(status)"
        case .either(let one, let other): "\(one) or \(other)"
        }
    }
}

// What must come next. Each throws a `Deviation` that names the given clause.
extension Conversation {
    func expectPreface(_ clause: String) throws {
        guard let reply = nextPreface() else { return }
        throw deviation(clause, expected: "the eight bytes of the preface", actual: reply)
    }

    @discardableResult
    func expectWelcome(_ id: UInt64, _ clause: String) throws -> Welcome {
        let reply = next()
        guard case .frame(let frame) = reply, let welcome = frame.decoded(Welcome.self) else {
            throw deviation(clause, expected: "WELCOME \(id)", actual: reply)
        }
        guard frame.header.requestID == id else {
            throw deviation("5.2.1", expected: "WELCOME with HELLO's request id \(id)", actual: reply)
        }
        learn(welcome)
        return welcome
    }

    /// The ACK of one PUBLISH, with these answers for its events.
    @discardableResult
    func expectAck(_ id: UInt64, _ wanted: [Wanted], _ clause: String) throws -> Ack {
        let ack = try expectAck(id, count: wanted.count, clause)
        for index in wanted.indices { try demand(wanted[index], of: ack, at: index, clause) }
        return ack
    }

    /// The ACK of a PUBLISH with this number of events, all with the same answer.
    func expectAck(_ id: UInt64, count: Int, all wanted: Wanted, _ clause: String) throws {
        let ack = try expectAck(id, count: count, clause)
        for index in 0..<count { try demand(wanted, of: ack, at: index, clause) }
    }

    /// The ACK of a PUBLISH of three events, the middle one bad.
    func expectAck(_ id: UInt64, _ wanted: Wanted, between neighbours: Wanted, _ clause: String) throws {
        let ack = try expectAck(id, count: 3, clause)
        try demand(wanted, of: ack, at: 1, clause)
        for index in [0, 2] { try demand(neighbours, of: ack, at: index, "6.6") }
    }

    private func demand(_ wanted: Wanted, of ack: Ack, at index: Int, _ clause: String) throws {
        let status = ack[index].status
        if wanted.holds(status) { return }
        throw deviation(
            clause, expected: "event \(index + 1) of \(ack.count) to be \(wanted.text)", actual: "\(status)")
    }

    /// An ACK of a valid form for this number of events.
    private func expectAck(_ id: UInt64, count: Int, _ clause: String) throws -> Ack {
        let reply = next()
        guard case .frame(let frame) = reply, frame.header.type == .ack else {
            throw deviation(clause, expected: "ACK \(id)", actual: reply)
        }
        guard let ack = frame.decoded(Ack.self) else {
            throw deviation("5.4.6", expected: "ACK \(id) of a valid form", actual: reply)
        }
        guard frame.header.requestID == id else {
            throw deviation("5.4.1", expected: "ACK with the request id \(id) of its PUBLISH", actual: reply)
        }
        guard Int(ack.count) == count else {
            throw deviation("5.4.3", expected: "ACK \(id) of \(count) events", actual: reply)
        }
        return ack
    }

    /// The ACKs of PUBLISH frames that wait for theirs, in any order.
    ///
    /// - Parameter wanted: the expected answers of each frame's events, by request id.
    /// - Returns: the ACKs by request id.
    @discardableResult
    func expectAcks(_ wanted: [UInt64: [Wanted]], _ clause: String) throws -> [UInt64: Ack] {
        var acks: [UInt64: Ack] = [:]
        while acks.count < wanted.count {
            let reply = next()
            guard case .frame(let frame) = reply, let ack = frame.decoded(Ack.self) else {
                throw deviation(clause, expected: "\(wanted.count - acks.count) more ACKs", actual: reply)
            }
            let id = frame.header.requestID
            guard let answers = wanted[id], acks.updateValue(ack, forKey: id) == nil else {
                throw deviation("5.4.1", expected: "an ACK of a PUBLISH without an answer", actual: reply)
            }
            guard Int(ack.count) == answers.count else {
                throw deviation("5.4.3", expected: "ACK \(id) of \(answers.count) events", actual: reply)
            }
            for (index, answer) in answers.enumerated() where !answer.holds(ack[index].status) {
                throw deviation(
                    clause, expected: "event \(index + 1) of PUBLISH \(id) to be \(answer.text)", actual: reply)
            }
        }
        return acks
    }

    /// The answer to a frame whose body checksum was wrong: ACK of form 2, count 0, CORRUPT.
    func expectCorrupt(_ id: UInt64, _ clause: String) throws {
        let reply = next()
        guard case .frame(let frame) = reply, frame.header.requestID == id, let ack = frame.decoded(Ack.self),
            ack.count == 0, case .all(let answer) = ack.answers, answer.status == .corrupt
        else { throw deviation(clause, expected: "ACK \(id) of form 2 and count 0 with CORRUPT", actual: reply) }
    }

    /// A PONG of this request id with the PING's bytes.
    @discardableResult
    func expectPong(_ id: UInt64, of ping: RawFrame, _ clause: String) throws -> Pong {
        let reply = next()
        guard case .frame(let frame) = reply, frame.header.requestID == id, let pong = frame.decoded(Pong.self),
            frame.body.starts(with: ping.body)
        else { throw deviation(clause, expected: "PONG \(id) with the sixteen bytes of the PING", actual: reply) }
        return pong
    }

    /// The connection is alive: a PING is answered.
    func expectAlive(_ clause: String) throws {
        let ping = RawFrame.ping(0xA11E, opaque: .random(in: .min ... .max))
        send(ping)
        try expectPong(0xA11E, of: ping, clause)
    }

    /// CLOSE with this status, then the end.
    ///
    /// - Parameter time: until the CLOSE; nil: the configured patience.
    func expectClose(_ status: ProtocolStatus, _ clause: String, within time: Duration? = nil) throws {
        let reply = next(within: time)
        guard case .frame(let frame) = reply, let close = frame.decoded(Close.self), close.status == status else {
            throw deviation(clause, expected: "CLOSE \(status)", actual: reply)
        }
        try expectEnd("5.7.3", after: "CLOSE \(status)")
    }

    /// The server ends its direction without sending anything.
    func expectEnd(_ clause: String, after what: String, within time: Duration? = nil) throws {
        let reply = next(within: time)
        switch reply {
        // A peer that closes with unread bytes of ours sends a reset. That is an end too.
        case .end, .reset: return
        case .frame where clause == "5.7.3":
            throw deviation("5.7.1", expected: "nothing after \(what)", actual: reply)
        default: throw deviation(clause, expected: "the end of the connection after \(what)", actual: reply)
        }
    }
}
