import Sender
import TestSupport
import Testing
import WebhookModel

/// Where valid and invalid answers end, however they are cut.
@Suite("Answer parser")
struct AnswerParserTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var step: AnswerParser.Step
        var status = 200
        var keeps = true
        var excerpt = ""
        /// Bytes after the answer.
        var left = 0
        var testDescription: String { text.prefix(90).debugDescription }
    }

    static let whole = [
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", step: .done),
        Case(text: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", step: .done),
        Case(text: "HTTP/1.1 200 \r\ncOnTeNt-LeNgTh:\t2 \r\n\r\nok", step: .done),
        Case(text: "HTTP/1.1 204 No Content\r\n\r\n", step: .done, status: 204),
        Case(text: "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", step: .done, status: 204),
        // An announced body may follow all the same, and would be taken for the next answer.
        Case(text: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", step: .done, status: 204, keeps: false),
        Case(text: "HTTP/1.1 204 No Content\r\nContent-Length: x\r\n\r\n", step: .done, status: 204, keeps: false),
        Case(
            text: "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", step: .done, status: 204,
            keeps: false, left: 5),
        Case(text: "HTTP/1.1 304 Old\r\nContent-Length: 3\r\n\r\n", step: .done, status: 304, keeps: false),
        Case(
            text: "HTTP/1.1 103 Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            step: .done, keeps: false),
        Case(text: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", step: .done, keeps: false),
        Case(text: "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok", step: .done, keeps: false),
        Case(text: "HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 0\r\n\r\n", step: .done, keeps: false),
        Case(text: "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", step: .done),
        Case(text: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", step: .done),
        Case(text: "HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nwhy?", step: .done, status: 500, excerpt: "why?"),
        Case(
            text: "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nwhy\r\n1\r\n?\r\n0\r\nX: y\r\n\r\n",
            step: .done,
            status: 500, excerpt: "why?"),
        Case(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n00A\r\n0123456789\r\n0\r\n\r\n", step: .done),
        Case(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n0\r\n\r\n", step: .done,
            keeps: false),
        Case(
            text: "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", step: .done,
            status: 500),
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", step: .done),
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n", step: .done, left: 19),
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", step: .done),
        // Chunked last means by chunks, whatever stands before it (RFC 9112, 6.3).
        Case(
            text: "HTTP/1.1 500 No\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", step: .done,
            status: 500, excerpt: "ab"),
        Case(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding:\t Chunked ,\r\n\r\n0\r\n\r\n",
            step: .done),
        Case(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", step: .done,
            keeps: false),
        Case(
            text: "HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", step: .done,
            keeps: false),
        Case(text: "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2, max=1\r\nContent-Length: 0\r\n\r\n", step: .done),
        Case(
            text: "HTTP/1.1 200 OK\r\nkeep-alive: max=9; Timeout = 1\r\nContent-Length: 0\r\n\r\n", step: .done,
            keeps: false),
        Case(
            text: "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=0\r\nContent-Length: 0\r\n\r\n", step: .done,
            keeps: false),
        Case(text: "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=, 7\r\nContent-Length: 0\r\n\r\n", step: .done),
        Case(
            text: "HTTP/1.1 103 Hints\r\nKeep-Alive: timeout=0\r\n\r\nHTTP/1.1 204 No\r\n\r\n", step: .done, status: 204
        ),
        Case(text: "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n", step: .done),
    ]

    static let unfinished = [
        Case(text: "", step: .more, status: 0), Case(text: "HTTP/1.1 20", step: .more, status: 0),
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", step: .more),
        Case(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", step: .more),
        Case(text: "HTTP/1.1 100 Continue\r\n\r\n", step: .more, status: 100, keeps: false),
        Case(text: "HTTP/1.1 200 OK\r\n\r\nto the end", step: .more, keeps: false),
        Case(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", step: .more, keeps: false),
        Case(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", step: .more,
            keeps: false),
    ]

    static let malformed = [
        "SSH-2.0-OpenSSH\r\n", "late", "0\r\n\r\nHTTP/1.1 200 OK\r\n", "HTTP/2 200\r\n", "HTTP/1.2 200 OK\r\n",
        "HTTP/1.1 2OO OK\r\n", "HTTP/1.1 099 No\r\n",
        "HTTP/1.1  200 OK\r\n",
        "HTTP/1.1 2000 OK\r\n", "\r\nHTTP/1.1 200 OK\r\n", "HTTP/1.1 101 Switching\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1,\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        // A field that looks like a status line must not change what the answer says.
        "HTTP/1.1 500 No\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;a\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokX\r\n",
    ]

    @Test("complete answers end at the same byte, however they are cut", arguments: whole)
    func ends(sample: Case) { everyCut(sample) }

    @Test("an incomplete answer needs more bytes", arguments: unfinished)
    func asksForMore(sample: Case) { everyCut(sample) }

    @Test("the end of the connection completes only an answer without a length")
    func endOfConnection() {
        for (text, ends) in [
            ("HTTP/1.1 200 OK\r\n\r\nx", true), ("HTTP/1.1 200 OK\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", false),
        ] {
            var parser = AnswerParser()
            _ = Array(text.utf8).withUnsafeBytes { parser.take($0) }
            parser.endOfConnection()
            #expect(parser.isWhole == ends)
        }
    }

    @Test("what is wrong with a body comes after the header section, which has decided")
    func headSection() {
        for (text, hasHead) in [
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true), ("HTTP/1.1 204 No\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", false), ("HTTP/1.1 100 Continue\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "a", count: 2 * Limits.answerBytes), true),
        ] {
            #expect(read(text, cut: text.utf8.count).parser.isHeadWhole == hasHead, "\(text.prefix(60))")
        }
    }

    @Test("an answer that could be read in two ways is malformed", arguments: malformed)
    func refuses(text: String) {
        for cut in 0...text.utf8.count { #expect(read(text, cut: cut).step == .malformed, "cut at \(cut)") }
    }

    @Test(
        "an answer of any shape is bounded",
        arguments: [
            ("HTTP/1.1 200 OK\r\nX: ", "a"), ("HTTP/1.1 200 OK\r\n", "X: y\r\n"), ("HTTP/1.1 200 ", "a"),
            ("HTTP/1.1 200 OK\r\n\r\n", "a"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "a"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
            ("", "HTTP/1.1 100 Continue\r\n\r\n"), ("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", "a"),
        ])
    func bounded(start: String, piece: String) {
        var parser = AnswerParser()
        var step = Array(start.utf8).withUnsafeBytes { parser.take($0).step }
        var bytes = start.utf8.count
        while step == .more, bytes < 2 * Limits.answerBytes {
            step = Array(piece.utf8).withUnsafeBytes { parser.take($0).step }
            bytes += piece.utf8.count
        }
        #expect(step == .tooLarge)
        #expect(bytes <= Limits.answerBytes + piece.utf8.count)
    }

    @Test("damaged answers are read in the same way in one piece and in many")
    func damaged() {
        var random = SeededRandom(seed: 41)
        let samples = (AnswerParserTests.whole + AnswerParserTests.unfinished).map { Array($0.text.utf8) }
        let spice = Array("\r\n: ;,0Fx\0\u{7F}".utf8)
        for _ in 0..<20_000 {
            var bytes = samples.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = spice.randomElement(using: &random)!
            }
            var once = AnswerParser()
            let expected = bytes.withUnsafeBytes { once.take($0).step }
            var pieces = AnswerParser()
            var step = AnswerParser.Step.more
            var place = 0
            while place < bytes.count, step == .more {
                let count = min(Int.random(in: 1...7, using: &random), bytes.count - place)
                step = bytes[place..<place + count].withUnsafeBytes { pieces.take($0).step }
                place += count
            }
            #expect(step == expected)
            #expect(pieces.status == once.status)
            #expect(pieces.excerpt == once.excerpt)
        }
    }

    private func everyCut(_ sample: Case) {
        for cut in 0...sample.text.utf8.count {
            let (parser, step, left) = read(sample.text, cut: cut)
            #expect(step == sample.step, "cut at \(cut)")
            #expect(parser.status == sample.status)
            #expect(parser.keepsConnection == sample.keeps || sample.step == .more && sample.keeps)
            #expect(parser.excerpt == Array(sample.excerpt.utf8))
            #expect(left == sample.left)
        }
    }

    /// Reads a text in two pieces.
    private func read(_ text: String, cut: Int) -> (parser: AnswerParser, step: AnswerParser.Step, left: Int) {
        var parser = AnswerParser()
        let bytes = Array(text.utf8)
        var (step, taken) = bytes[..<cut].withUnsafeBytes { parser.take($0) }
        guard step == .more else { return (parser, step, bytes.count - taken) }
        let before = taken
        (step, taken) = bytes[cut...].withUnsafeBytes { parser.take($0) }
        return (parser, step, bytes.count - before - taken)
    }
}
