import WireProtocol

/// What came from the server.
enum Reply {
    case frame(ReceivedFrame)
    /// Bytes that are not a frame: a wrong header, or a wrong preface.
    case garbage(String)
    /// The server ended its direction in the middle of a frame.
    case fragment
    case end
    case reset
    case silence(Duration)

    /// As text, for a deviation.
    var text: String {
        switch self {
        case .frame(let frame): frame.text
        case .garbage(let what): "bytes that are not a frame (\(what))"
        case .fragment: "the end of the connection inside a frame"
        case .end: "the end of the connection"
        case .reset: "a reset of the connection"
        case .silence(let time): "nothing within \(time.milliseconds) ms"
        }
    }
}

/// A frame of the server, its bytes kept.
struct ReceivedFrame {
    let header: FrameHeader
    let body: [UInt8]
    let isIntact: Bool

    init(_ frame: Frame) {
        header = frame.header
        body = Array(frame.body)
        isIntact = frame.isIntact
    }

    /// The body as this message; nil: the type, the checksum or the form is different.
    func decoded<Body: Message>(_ type: Body.Type) -> Body? {
        guard header.type == Body.frameType, isIntact else { return nil }
        return body.withUnsafeBytes { try? Body(decoding: $0) }
    }

    /// Type, request id and the content of the body.
    var text: String {
        guard let type = header.type else { return "a frame of type \(header.typeByte)" }
        let name = "\(type)".uppercased()
        guard isIntact else { return "\(name) \(header.requestID) with a wrong body checksum" }
        switch type {
        case .ack: return "ACK \(header.requestID)" + (decoded(Ack.self)?.text ?? " of an invalid form")
        case .close:
            guard let close = decoded(Close.self) else { return "CLOSE of an invalid form" }
            return "CLOSE \(close.status) \"\(close.text)\""
        default: return "\(name) \(header.requestID)"
        }
    }
}

extension Ack {
    fileprivate var text: String {
        switch answers {
        case .allAccepted: ": all \(count) ACCEPTED"
        case .all(let answer): ": all \(count) \(answer.status)"
        case .each(let answers):
            ": " + answers.prefix(6).map { "\($0.status)" }.joined(separator: " ")
                + (answers.count > 6 ? " … (\(answers.count))" : "")
        }
    }
}

/// The first bytes in hex, as evidence.
func excerpt(_ bytes: [UInt8]) -> String {
    let shown = bytes.prefix(48).map { byte in
        String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }
    return shown.joined(separator: " ") + (bytes.count > 48 ? " … (\(bytes.count) bytes)" : "")
}
