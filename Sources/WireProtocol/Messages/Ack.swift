public import NIOCore

/// The answer for one event.
public struct EventAnswer: Equatable, Sendable {
    public static let byteCount = 8

    public var status: ProtocolStatus
    /// With a retryable status: milliseconds to wait.
    public var retryAfter: UInt32

    public init(_ status: ProtocolStatus, retryAfter: UInt32 = 0) {
        self.status = status
        self.retryAfter = retryAfter
    }

    /// Appends u16 status · u16 reserved · u32 retry-after.
    @inlinable
    public func encode(to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt64(status.rawValue) << 48 | UInt64(retryAfter))
    }
}

/// ACK: the receipt of one PUBLISH frame, named by its request id (Protocol.md, 5.4).
public struct Ack: Message, Equatable {
    public static let frameType = FrameType.ack

    /// The answers, in the shortest form that expresses them.
    public enum Answers: Equatable, Sendable {
        /// Form 0: every event is ACCEPTED.
        case allAccepted
        /// Form 1: one answer per event, in the order of the PUBLISH frame.
        case each([EventAnswer])
        /// Form 2: this answer for every event of the frame.
        case all(EventAnswer)

        var form: UInt8 {
            switch self {
            case .allAccepted: 0
            case .each: 1
            case .all: 2
            }
        }
    }

    /// The transaction in which the frame was decided; 0: none was needed. Ascending on a server.
    public var commit: UInt64
    /// Events of the PUBLISH frame; 0 with form 2 if the frame could not be read (CORRUPT).
    public var count: UInt32
    public var answers: Answers

    public init(commit: UInt64, count: UInt32, answers: Answers) {
        self.commit = commit
        self.count = count
        self.answers = answers
    }

    /// The answer for the event at this index of the PUBLISH frame.
    public subscript(index: Int) -> EventAnswer {
        switch answers {
        case .allAccepted: EventAnswer(.accepted)
        case .each(let answers): answers[index]
        case .all(let answer): answer
        }
    }

    public init(decoding body: UnsafeRawBufferPointer) throws(BodyError) {
        var reader = BodyReader(body)
        commit = try reader.number("commit number")
        count = try reader.number("count")
        let form = try reader.number("form", as: UInt8.self)
        switch form {
        case 0: answers = .allAccepted
        case 1:
            guard reader.remaining == Int(count) * EventAnswer.byteCount else {
                throw BodyError("an ACK for \(count) events with \(reader.remaining) bytes of answers")
            }
            var answers: [EventAnswer] = []
            answers.reserveCapacity(Int(count))
            for _ in 0..<count { answers.append(try Ack.answer(&reader)) }
            self.answers = .each(answers)
        case 2: answers = .all(try Ack.answer(&reader))
        default: throw BodyError("an ACK of form \(form); 0, 1 and 2 are known")
        }
        try reader.finish()
    }

    private static func answer(_ reader: inout BodyReader) throws(BodyError) -> EventAnswer {
        let status = try reader.number("status", as: UInt16.self)
        guard try reader.number("reserved field", as: UInt16.self) == 0 else {
            throw BodyError("a reserved bit of an answer is set")
        }
        return EventAnswer(ProtocolStatus(rawValue: status), retryAfter: try reader.number("retry-after"))
    }

    public func encode(to buffer: inout ByteBuffer) {
        Ack.encodeStart(commit: commit, count: Int(count), form: answers.form, to: &buffer)
        switch answers {
        case .allAccepted: break
        case .each(let answers): for answer in answers { answer.encode(to: &buffer) }
        case .all(let answer): answer.encode(to: &buffer)
        }
    }

    /// The fields before the answers, for writers without an array of them.
    @inlinable
    public static func encodeStart(commit: UInt64, count: Int, form: UInt8, to buffer: inout ByteBuffer) {
        buffer.writeInteger(commit)
        buffer.writeInteger(UInt32(truncatingIfNeeded: count))
        buffer.writeInteger(form)
    }
}
