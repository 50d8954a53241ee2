import Glibc
import WebhookModel

/// Finds the end of an HTTP/1.1 answer (RFC 9112) and passes its lines and body pieces to an `AnswerReader`.
///
/// Strict where a lenient parser could read an answer in two ways: status line, lengths, chunk sizes. All bytes count
/// against `Limits.answerBytes`, so every answer is bounded in memory and work. The pieces may be cut anywhere.
///
/// The header section decides what an answer says (`isHeadWhole`). What is wrong with the body after it ends the reading,
/// and makes the answer an incomplete one (RFC 9112, 8).
package struct AnswerParser {
    package enum Step: Equatable {
        case more
        /// The answer is complete.
        case done
        case malformed
        case tooLarge
    }

    private enum Stage {
        case statusLine, fields, sized, chunkSize, chunk, chunkEnd, trailers, untilClose, whole
    }

    private(set) var reader = AnswerReader()
    /// The bytes of this answer that were received.
    package private(set) var total = 0
    private var stage = Stage.statusLine
    /// Body bytes still to come of a length or a chunk.
    private var remaining = 0
    /// The beginning of a line whose end was not received yet.
    private var line: [UInt8] = []
    private var framing = Framing()
    /// An interim answer, or one that has no body, announced a body. What follows may not be an answer.
    private var hasStrayBody = false
    /// The header section of the final answer is complete: no byte that follows changes what the answer says.
    package private(set) var isHeadWhole = false
    /// The connection can be used for another request after this answer.
    package private(set) var keepsConnection = false

    package init() {}

    /// 0 before a status line was received.
    package var status: Int { reader.status }
    package var excerpt: [UInt8] { reader.excerpt }

    /// What the header fields say about the end of the body.
    private struct Framing {
        var length: Int?
        /// There is a length that cannot be read, or there are two that differ.
        var hasBadLength = false
        var hasCoding = false
        /// The last transfer coding is `chunked`.
        var isChunked = false
        /// `chunked` is there more than once: which of them ends the body is in doubt.
        var isDoubtful = false
        var closes = false
        var keepAlive = KeepAlive()

        /// A body follows, if the status allows one.
        var announcesBody: Bool { hasCoding || hasBadLength || length ?? 0 > 0 }

        mutating func takeLengths(_ value: UnsafeRawBufferPointer) {
            // A list of equal lengths is one length (RFC 9112, 6.3).
            for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                let number = UnsafeRawBufferPointer(rebasing: part).withoutSpaces.decimal
                guard let number, length ?? number == number else {
                    hasBadLength = true
                    return
                }
                length = number
            }
        }

        mutating func takeCodings(_ value: UnsafeRawBufferPointer) {
            for part in value.split(separator: UInt8(ascii: ",")) {
                let coding = UnsafeRawBufferPointer(rebasing: part).withoutSpaces
                guard !coding.isEmpty else { continue }
                let isAnother = coding.equalsIgnoringCase("chunked")
                isDoubtful = isDoubtful || isAnother && isChunked
                isChunked = isAnother
                hasCoding = true
            }
        }
    }

    /// Takes received bytes.
    ///
    /// - Returns: what to do, and the number of bytes that belong to the answer. Bytes after a complete answer were sent
    ///   without a request.
    package mutating func take(_ bytes: UnsafeRawBufferPointer) -> (step: Step, taken: Int) {
        var place = 0
        while place < bytes.count, stage != .whole {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[place...])
            let before = place
            let step = isInBody ? takeBody(rest, &place) : takeLine(rest, &place)
            total += place - before
            guard total <= Limits.answerBytes else { return (.tooLarge, place) }
            guard step == .more else { return (step, place) }
        }
        return (stage == .whole ? .done : .more, place)
    }

    /// All bytes of the answer were received.
    package var isWhole: Bool { stage == .whole }

    /// The peer ended the connection in an orderly way, which completes an answer without a length.
    package mutating func endOfConnection() { if stage == .untilClose { stage = .whole } }

    /// What the server said about the connection's further use.
    package var keepAlive: KeepAlive { framing.keepAlive }

    private var isInBody: Bool {
        switch stage {
        case .sized, .chunk, .untilClose: true
        case .statusLine, .fields, .chunkSize, .chunkEnd, .trailers, .whole: false
        }
    }
}

extension AnswerParser {
    private mutating func takeBody(_ bytes: UnsafeRawBufferPointer, _ place: inout Int) -> Step {
        let count = stage == .untilClose ? bytes.count : min(bytes.count, remaining)
        place += count
        guard reader.takeBody(UnsafeRawBufferPointer(rebasing: bytes[..<count])) else { return .tooLarge }
        guard stage != .untilClose else { return .more }
        remaining -= count
        if remaining == 0 { stage = stage == .sized ? .whole : .chunkEnd }
        return .more
    }

    /// Takes bytes up to the end of a line. A line in one piece, the usual case, is not copied.
    private mutating func takeLine(_ bytes: UnsafeRawBufferPointer, _ place: inout Int) -> Step {
        guard let end = memchr(bytes.baseAddress!, 0x0A, bytes.count) else {
            place += bytes.count
            guard total + bytes.count <= Limits.answerBytes else { return .tooLarge }
            line += bytes
            // What cannot become a status line is found out at once: its end may never come.
            return stage != .statusLine || zip(line, "HTTP/1.".utf8).allSatisfy { $0 == $1 } ? .more : .malformed
        }
        let count = UnsafeRawPointer(end) - bytes.baseAddress! + 1
        place += count
        let piece = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        guard !line.isEmpty else { return take(line: piece) }
        var whole: [UInt8] = []
        swap(&whole, &line)
        whole += piece
        return whole.withUnsafeBytes { take(line: $0) }
    }

    /// Takes a line with its end: CR LF or, as a recipient may accept (RFC 9112, 2.2), LF alone.
    private mutating func take(line: UnsafeRawBufferPointer) -> Step {
        var text = UnsafeRawBufferPointer(rebasing: line.dropLast())
        if text.last == 0x0D { text = UnsafeRawBufferPointer(rebasing: text.dropLast()) }
        switch stage {
        case .statusLine: return takeStatus(line, text)
        case .fields:
            if text.isEmpty { return endOfFields() }
            // Not a field: the reader would take it for the status line that follows an interim answer.
            guard !text.starts(with: "HTTP/".utf8) else { return .malformed }
            guard reader.takeHeader(line) else { return .tooLarge }
            takeField(text)
            return .more
        case .chunkSize:
            guard let size = AnswerParser.chunkSize(text) else { return .malformed }
            remaining = size
            stage = size == 0 ? .trailers : .chunk
        case .chunkEnd:
            guard text.isEmpty else { return .malformed }
            stage = .chunkSize
        case .trailers:
            if text.isEmpty { stage = .whole }
        case .sized, .chunk, .untilClose, .whole: break
        }
        return .more
    }

    /// `HTTP/1.1 200 OK`; the reason phrase may be missing (RFC 9112, 4).
    private mutating func takeStatus(_ line: UnsafeRawBufferPointer, _ text: UnsafeRawBufferPointer) -> Step {
        let isLine =
            text.count >= 12 && text.starts(with: "HTTP/1.".utf8) && (text[7] == 0x30 || text[7] == 0x31)
            && text[8] == 0x20 && text[9..<12].allSatisfy { (0x30...0x39).contains($0) }
            && (text.count == 12 || text[12] == 0x20)
        guard isLine, reader.takeHeader(line), reader.status >= 100 else { return .malformed }
        framing = Framing(closes: text[7] == 0x30)
        stage = .fields
        return .more
    }

    private mutating func takeField(_ text: UnsafeRawBufferPointer) {
        switch text[0] | 0x20 {
        case UInt8(ascii: "c"):
            if let value = text.value(of: "content-length:") {
                framing.takeLengths(value)
            } else if let value = text.value(of: "connection:") {
                framing.closes = framing.closes || value.containsToken("close")
            }
        case UInt8(ascii: "k"):
            if let value = text.value(of: "keep-alive:") { framing.keepAlive.take(value) }
        case UInt8(ascii: "t"):
            if let value = text.value(of: "transfer-encoding:") { framing.takeCodings(value) }
        default: break
        }
    }

    /// Decides where the body ends (RFC 9112, 6.3).
    private mutating func endOfFields() -> Step {
        switch reader.status {
        // A switch to another protocol, which we never ask for.
        case 101: return .malformed
        case 100..<200:
            hasStrayBody = hasStrayBody || framing.announcesBody
            stage = .statusLine
            return .more
        default: break
        }
        keepsConnection = !framing.closes && framing.keepAlive.allowsAnother
        if reader.status == 204 || reader.status == 304 {
            // Some servers send a body all the same, and it would be taken for the next answer.
            hasStrayBody = hasStrayBody || framing.announcesBody
            stage = .whole
        } else if framing.isChunked {
            // A length as well is request smuggling or a mistake: read as chunked, and the connection is not used
            // again.
            keepsConnection = keepsConnection && framing.length == nil && !framing.hasBadLength && !framing.isDoubtful
            stage = .chunkSize
        } else if framing.hasCoding {
            stage = .untilClose
        } else if framing.hasBadLength {
            return .malformed
        } else if let length = framing.length {
            remaining = length
            stage = length == 0 ? .whole : .sized
        } else {
            stage = .untilClose
        }
        isHeadWhole = true
        if stage == .untilClose || hasStrayBody { keepsConnection = false }
        return .more
    }

    /// Hex digits; extensions after a semicolon or space are ignored (RFC 9112, 7.1).
    private static func chunkSize(_ text: UnsafeRawBufferPointer) -> Int? {
        var size = 0
        var digits = 0
        for byte in text {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            case UInt8(ascii: ";"), 0x20, 0x09: return digits > 0 ? size : nil
            default: return nil
            }
            digits += 1
            guard digits <= 15 else { return nil }
            size = size << 4 | Int(digit)
        }
        return digits > 0 ? size : nil
    }
}

extension UnsafeRawBufferPointer {
    /// The value of a field, without spaces around it; nil if the line is another field's. `name`: in lower case, with
    /// colon.
    fileprivate func value(of name: StaticString) -> UnsafeRawBufferPointer? {
        guard startsIgnoringCase(with: name) else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[name.utf8CodeUnitCount...]).withoutSpaces
    }

    /// Without spaces and tabs on either side.
    var withoutSpaces: UnsafeRawBufferPointer {
        var value = self[...]
        while value.first == 0x20 || value.first == 0x09 { value = value.dropFirst() }
        while value.last == 0x20 || value.last == 0x09 { value = value.dropLast() }
        return UnsafeRawBufferPointer(rebasing: value)
    }

    /// Digits only, at most 18; nil for a list or a sign.
    var decimal: Int? {
        guard (1...18).contains(count) else { return nil }
        var value = 0
        for byte in self {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    /// Whether a comma-separated list has the token, in any case.
    fileprivate func containsToken(_ token: StaticString) -> Bool {
        split(separator: UInt8(ascii: ",")).contains { part in
            UnsafeRawBufferPointer(rebasing: part).withoutSpaces.equalsIgnoringCase(token)
        }
    }
}
