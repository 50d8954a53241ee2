import NIOCore

/// A reply that takes time or ends badly, step by step.
struct ReplyScript: Sendable {
    enum Step: Sendable {
        case send(ByteBuffer)
        /// Byte by byte, with this number of milliseconds between two.
        case dribble(ByteBuffer, milliseconds: Int)
        /// Repeatedly, until the sender disconnects.
        case forever(ByteBuffer)
    }

    /// What happens to the connection.
    enum Ending: Sendable {
        case keep
        /// FIN, after what was written.
        case close
        /// FIN as soon as another request begins.
        case closeBeforeReuse
        /// FIN now; further bytes of the sender are still read.
        case halfClose
        /// Nothing more, until the sender disconnects.
        case hang
        /// RST, after what was written has been handed to the kernel.
        case reset
    }

    let steps: [Step]
    let ending: Ending

    private init(_ steps: [Step], _ ending: Ending) {
        self.steps = steps
        self.ending = ending
    }

    private init(_ text: String, _ ending: Ending) { self.init([.send(ByteBuffer(string: text))], ending) }

    /// An answer whose body is written byte by byte; nil: it is not.
    init?(dribbling answer: Answer) {
        guard answer.dribble > 0, !answer.text.isEmpty else { return nil }
        let head = answer.head(length: answer.text.utf8.count)
        self.init(
            [.send(ByteBuffer(string: head)), .dribble(ByteBuffer(string: answer.text), milliseconds: answer.dribble)],
            .keep)
    }

    /// nil: the answer is written as it is.
    init?(_ fault: Fault, _ answer: Answer) {
        let length = answer.bodyLength
        let head = answer.head(length: answer.hasBody ? length : nil)
        let chunked = answer.head(length: nil, framing: "transfer-encoding: chunked\r\n")
        switch fault {
        case .resetAfter(let bytes):
            self.init([.send(ByteBuffer(bytes: (head + answer.text).utf8.prefix(bytes)))], .reset)
        case .silence: self.init([], .hang)
        case .halfClose: self.init([], .halfClose)
        case .closeBeforeReuse: self.init(head + answer.text, .closeBeforeReuse)
        case .slowHead(let milliseconds):
            self.init(
                [
                    .dribble(ByteBuffer(string: head), milliseconds: milliseconds),
                    .send(ByteBuffer(string: answer.text)),
                ], .keep)
        case .endlessHead:
            let line = "x-filler: \(String(repeating: "f", count: 116))\r\n"
            self.init(
                [
                    .send(ByteBuffer(string: answer.statusLine)),
                    .forever(ByteBuffer(string: String(repeating: line, count: 64))),
                ], .hang)
        case .badStatusLine:
            self.init(
                "HTTP/one.one TWO-HUNDRED\r\n" + answer.fields(length: answer.hasBody ? length : nil) + answer.text,
                .close)
        case .lengthTooLong: self.init(answer.head(length: length + 64) + answer.text, .close)
        case .lengthTooShort:
            let body = length < 2 ? "{}" + answer.text : answer.text
            self.init(answer.head(length: body.utf8.count / 2) + body, .close)
        case .truncatedChunk:
            self.init(
                [.send(ByteBuffer(string: chunked + "40\r\n")), .send(ByteBuffer(bytes: answer.text.utf8.prefix(32)))],
                .close)
        case .malformedChunk: self.init(chunked + "not-a-size\r\n" + answer.text + "\r\n0\r\n\r\n", .close)
        case .infiniteBody:
            let chunk = "2000\r\n\(String(repeating: "z", count: 8_192))\r\n"
            self.init([.send(ByteBuffer(string: chunked)), .forever(ByteBuffer(string: chunk))], .hang)
        case .gzipBomb(let mebibytes):
            let bomb = GzipBomb.bytes(mebibytes: mebibytes)
            let framed = answer.head(length: bomb.count, framing: "content-encoding: gzip\r\n")
            self.init([.send(ByteBuffer(string: framed)), .send(ByteBuffer(bytes: bomb))], .keep)
        case .earlyAnswer, .redirectChain, .redirectTo: return nil
        }
    }
}
