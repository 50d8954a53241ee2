import WebhookModel

/// The answer on one HTTP/2 stream, as far as it was received, and what of its request is not sent yet.
///
/// Used again for another request when the stream is closed.
final class StreamAnswer {
    /// The owner's name for the request.
    private(set) var token = 0
    /// -1: not in use.
    var identifier: Int32 = -1
    private(set) var reader = AnswerReader()
    /// The owner no longer waits for the answer.
    var isAbandoned = false
    /// The server ended the stream after its answer (END_STREAM).
    var isWhole = false
    /// All header fields of the answer were received.
    private(set) var isHeadWhole = false
    /// The server reset the stream; otherwise an error is our own finding.
    var wasReset = false
    private(set) var isTooLarge = false
    /// Monotonic nanoseconds when the first header field came; 0: none came.
    private(set) var firstByteAt: Int64 = 0
    /// Where the request ends in all that the session sends; nil: part of it is not in the output yet.
    var requestEnd: Int?
    private var length: Int?
    private var bodyBytes = 0
    private var headerBytes = 0
    /// The field section in progress begins with a status: it is no trailer section.
    private var isHead = false

    // The request's body: bytes of the caller's during `HTTP2Session.begin`, afterwards a copy of what was not sent.
    private var lent: UnsafeRawBufferPointer?
    private var unsent: [UInt8] = []
    private var sent = 0

    func begin(_ token: Int, lending body: UnsafeRawBufferPointer) {
        self.token = token
        reader = AnswerReader()
        isAbandoned = false
        isWhole = false
        isHeadWhole = false
        wasReset = false
        isTooLarge = false
        firstByteAt = 0
        requestEnd = nil
        length = nil
        bodyBytes = 0
        headerBytes = 0
        lent = body
        sent = 0
    }

    func end() {
        identifier = -1
        lent = nil
        unsent = []
        reader = AnswerReader()
    }

    /// A status of 200 or more was received: no other follows.
    var isFinal: Bool { reader.status >= 200 }

    /// All bytes came that the answer says it has: nothing is missing, whether or not the server ended the stream.
    var hasItsLength: Bool {
        guard isFinal else { return false }
        return reader.status == 204 || reader.status == 304 || length == bodyBytes
    }
}

// The answer.
extension StreamAnswer {
    /// A field section begins. `now`: monotonic nanoseconds.
    func beginFields(now: Int64) {
        isHead = false
        if firstByteAt == 0 { firstByteAt = now }
    }

    /// The field section is complete.
    ///
    /// - Returns: whether it is the header section of the final answer.
    func endFields() -> Bool {
        guard isFinal, !isHeadWhole else { return false }
        isHeadWhole = true
        return true
    }

    /// Takes one field; nghttp2 has checked its form.
    ///
    /// - Returns: false when the answer is over its limit.
    func take(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        // As RFC 9113 (6.5.2) counts the size of a field section.
        headerBytes += name.count + value.count + 32
        guard headerBytes + bodyBytes <= Limits.answerBytes else { return tooLarge() }
        if name.elementsEqual(":status".utf8) {
            isHead = true
            length = nil
            return takeLine([UInt8]("HTTP/2 ".utf8), value)
        }
        guard isHead else { return true }
        if name.elementsEqual("content-length".utf8) { length = StreamAnswer.decimal(value) }
        // Of a 2xx answer nothing is kept.
        guard !(200..<300).contains(reader.status) else { return true }
        return takeLine(Array(name) + [UInt8(ascii: ":"), 0x20], value)
    }

    /// Takes a piece of the body.
    ///
    /// - Returns: false when the answer is over its limit.
    func take(body piece: UnsafeRawBufferPointer) -> Bool {
        bodyBytes += piece.count
        guard headerBytes + bodyBytes <= Limits.answerBytes else { return tooLarge() }
        return reader.takeBody(piece) || tooLarge()
    }

    private func takeLine(_ start: [UInt8], _ value: UnsafeRawBufferPointer) -> Bool {
        let line = start + value + [0x0D, 0x0A]
        return line.withUnsafeBytes { reader.takeHeader($0) } || tooLarge()
    }

    private func tooLarge() -> Bool {
        isTooLarge = true
        return false
    }

    private static func decimal(_ value: UnsafeRawBufferPointer) -> Int? {
        guard (1...18).contains(value.count) else { return nil }
        var number = 0
        for byte in value {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }
}

// The request's body.
extension StreamAnswer {
    /// Copies the next bytes of the body into a frame.
    ///
    /// - Returns: their number, and whether they are the last.
    func give(_ frame: UnsafeMutableRawBufferPointer) -> (count: Int, isLast: Bool) {
        func copy(_ body: UnsafeRawBufferPointer) -> (Int, Bool) {
            let count = min(frame.count, body.count - sent)
            if count > 0 { frame.copyMemory(from: UnsafeRawBufferPointer(rebasing: body[sent..<sent + count])) }
            sent += count
            return (count, sent == body.count)
        }
        return if let lent { copy(lent) } else { unsent.withUnsafeBytes { copy($0) } }
    }

    /// The caller takes its bytes back: those that were not sent are copied.
    func returnBody() {
        guard let lent else { return }
        unsent = Array(lent[sent...])
        sent = 0
        self.lent = nil
    }
}
