import WebhookModel

/// What is kept of one answer: status, `Retry-After`, the number of bytes, and an excerpt of headers and body unless it
/// is 2xx.
struct AnswerReader {
    private(set) var status = 0
    private(set) var retryAfter: RetryAfter?
    private(set) var excerpt: [UInt8] = []
    /// Empty for a 2xx answer.
    private(set) var headers = HeaderExcerpt()
    private(set) var isTooLarge = false
    private var bytes = 0

    /// The server says that the request met the wrong connection: it gave up waiting for one on it (408, RFC 9110,
    /// 15.5.9), or it does not answer for the host there (421, RFC 9110, 15.5.20).
    var isMeantForAnother: Bool { status == 408 || status == 421 }

    /// Takes one header line, the status line first. An interim answer (1xx) is followed by the next status line.
    ///
    /// - Returns: false when the answer is over its limit.
    mutating func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        guard count(line.count) else { return false }
        if line.count >= 12, line.starts(with: "HTTP/".utf8) {
            status = AnswerReader.status(line)
            retryAfter = nil
            headers = HeaderExcerpt()
            return true
        }
        if !(200..<300).contains(status) { headers.take(line) }
        if line.startsIgnoringCase(with: "retry-after:") {
            retryAfter = RetryAfter(UnsafeRawBufferPointer(rebasing: line[12...]))
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

    /// The three digits after `HTTP/1.1 `; 0 if there are none.
    private static func status(_ line: UnsafeRawBufferPointer) -> Int {
        guard let space = line.firstIndex(of: 0x20), space + 3 < line.count else { return 0 }
        var value = 0
        for digit in line[space + 1...space + 3] {
            guard (0x30...0x39).contains(digit) else { return 0 }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }
}
