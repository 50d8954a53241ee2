import NIOCore
import NIOHPACK
import NIOHTTP2

/// A reply in frames. What HTTP/2 cannot express ends the stream with an error instead.
struct StreamReply {
    enum Ending: Equatable {
        case end
        case reset(HTTP2ErrorCode)
        /// Nothing more, until the sender disconnects.
        case hang
    }

    /// Milliseconds before the first frame.
    var wait = 0
    /// nil: none are sent.
    var headers: HPACKHeaders?
    var steps: [ReplyScript.Step] = []
    var ending = Ending.end
    var closesConnection = false

    /// - Parameter answer: nil: the stream is reset at once.
    /// - Parameter form: the reply in HTTP/1.1, whose bodies are reused.
    init(_ answer: Answer?, _ fault: Fault?, _ form: RenderedReply.Form? = nil) {
        guard let answer else {
            ending = .reset(.cancel)
            return
        }
        let body = ByteBuffer(string: answer.text)
        headers = StreamReply.headers(answer, length: answer.hasBody ? answer.bodyLength : nil)
        steps = body.readableBytes == 0 ? [] : [.send(body)]
        if answer.dribble > 0, body.readableBytes > 0 { steps = [.dribble(body, milliseconds: answer.dribble)] }
        if let fault { spoil(fault, answer, body, form) }
    }

    private mutating func spoil(_ fault: Fault, _ answer: Answer, _ body: ByteBuffer, _ form: RenderedReply.Form?) {
        switch fault {
        case .silence: (headers, steps, ending) = (nil, [], .hang)
        case .halfClose, .badStatusLine, .endlessHead: (headers, steps, ending) = (nil, [], .reset(.protocolError))
        case .resetAfter(let bytes):
            let head = answer.head(length: body.readableBytes).utf8.count
            let part = body.getSlice(at: body.readerIndex, length: min(body.readableBytes, max(0, bytes - head)))
            (steps, ending) = (part.map { [.send($0)] } ?? [], .reset(.cancel))
        case .slowHead(let milliseconds): wait = milliseconds * answer.head(length: body.readableBytes).utf8.count
        case .lengthTooLong: headers = StreamReply.headers(answer, length: body.readableBytes + 64)
        case .lengthTooShort:
            let body = body.readableBytes < 2 ? ByteBuffer(string: "{}" + answer.text) : body
            headers = StreamReply.headers(answer, length: body.readableBytes / 2)
            steps = [.send(body)]
        case .truncatedChunk, .malformedChunk:
            // Without a length, and cut off: if all bytes of a declared length came, many clients would accept the
            // answer as whole.
            headers = StreamReply.headers(answer, length: nil)
            let part = body.getSlice(at: body.readerIndex, length: body.readableBytes / 2) ?? ByteBuffer()
            (steps, ending) = (part.readableBytes > 0 ? [.send(part)] : [], .reset(.protocolError))
        case .infiniteBody:
            headers = StreamReply.headers(answer, length: nil)
            steps = [.forever(ByteBuffer(repeating: UInt8(ascii: "z"), count: 8_192))]
        case .gzipBomb:
            // Head and bomb.
            guard case .script(let script) = form, case .send(let bomb) = script.steps.last else { break }
            headers = StreamReply.headers(answer, length: bomb.readableBytes)
            headers?.add(name: "content-encoding", value: "gzip")
            steps = [.send(bomb)]
        case .closeBeforeReuse:
            closesConnection = true
            if steps.isEmpty { steps = [.send(body)] }
        case .earlyAnswer, .redirectChain, .redirectTo: break
        }
    }

    /// Fields that HTTP/2 does not allow (RFC 9113 section 8.2.2).
    private static let ofConnections: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te",
    ]

    private static func headers(_ answer: Answer, length: Int?) -> HPACKHeaders {
        var headers = HPACKHeaders([(":status", "\(answer.status)")])
        for header in answer.headers where !ofConnections.contains(header.name.lowercased()) {
            headers.add(name: header.name.lowercased(), value: header.value)
        }
        if let retryAfter = answer.retryAfter { headers.add(name: "retry-after", value: retryAfter.text) }
        if let length { headers.add(name: "content-length", value: "\(length)") }
        return headers
    }
}
