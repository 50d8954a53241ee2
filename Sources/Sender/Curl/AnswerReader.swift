import WebhookModel

/// What is read of one answer: status, `Retry-After`, a count of bytes, and a piece of the body when it is not 2xx.
struct AnswerReader {
    private(set) var status = 0
    private(set) var retryAfter: RetryAfter?
    private(set) var excerpt: [UInt8] = []
    private(set) var isTooLarge = false
    /// The body's length is no number: libcurl would take the digits that it begins with (RFC 9112 section 6.3).
    private(set) var isMalformed = false
    private(set) var isHTTP2 = false
    private var bytes = 0

    /// Takes one header line, the status line first. An interim answer (1xx) is followed by the next status line.
    ///
    /// - Returns: false when the answer is over its limit.
    mutating func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        guard count(line.count) else { return false }
        if line.count >= 12, line.starts(with: "HTTP/".utf8) {
            status = AnswerReader.status(line)
            retryAfter = nil
            isHTTP2 = line[5] == UInt8(ascii: "2")
        } else if line.count > 12, line[0] | 0x20 == UInt8(ascii: "r"), AnswerReader.isRetryAfter(line) {
            retryAfter = RetryAfter(UnsafeRawBufferPointer(rebasing: line[12...]))
        } else if line.count > 15, line[0] | 0x20 == UInt8(ascii: "c"), AnswerReader.isName("content-length:", line) {
            isMalformed = !AnswerReader.isNumber(line[15...])
            return !isMalformed
        }
        return true
    }

    /// Takes a piece of the body.
    ///
    /// - Returns: false when the answer is over its limit.
    mutating func takeBody(_ piece: UnsafeRawBufferPointer) -> Bool {
        let isInLimit = count(piece.count)
        if !(200..<300).contains(status), excerpt.count < Limits.answerExcerptBytes {
            excerpt.append(contentsOf: piece.prefix(Limits.answerExcerptBytes - excerpt.count))
        }
        return isInLimit
    }

    private mutating func count(_ more: Int) -> Bool {
        bytes += more
        isTooLarge = bytes > Limits.answerBytes
        return !isTooLarge
    }

    /// The three digits after `HTTP/1.1 `; 0 where they are not.
    private static func status(_ line: UnsafeRawBufferPointer) -> Int {
        guard let space = line.firstIndex(of: 0x20), space + 3 < line.count else { return 0 }
        var value = 0
        for digit in line[space + 1...space + 3] {
            guard (0x30...0x39).contains(digit) else { return 0 }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }

    private static func isRetryAfter(_ line: UnsafeRawBufferPointer) -> Bool { isName("retry-after:", line) }

    /// Whether the line begins with these bytes, in any case of letters.
    private static func isName(_ name: StaticString, _ line: UnsafeRawBufferPointer) -> Bool {
        let wanted = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return zip(line, wanted).allSatisfy { byte, wanted in
            byte == wanted || (byte | 0x20 == wanted && (0x41...0x5A).contains(byte))
        }
    }

    /// Digits that a length can have, with spaces round them.
    private static func isNumber(_ value: Slice<UnsafeRawBufferPointer>) -> Bool {
        let end = value.lastIndex { !isSpace($0) }
        guard let start = value.firstIndex(where: { !isSpace($0) }), let end else { return false }
        return end - start < 18 && value[start...end].allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
}
