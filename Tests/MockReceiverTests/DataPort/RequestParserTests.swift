import MockReceiver
import Testing

@Suite struct RequestParserTests {
    private let limits = RequestParser.Limits(headBytes: 1_024, bodyBytes: 64)

    /// What the parser makes of the bytes when they come in these pieces, each time with all that came before.
    private func parse(_ text: String, splits: [Int] = []) -> [String] {
        let bytes = Array(text.utf8)
        var parser = RequestParser(limits: limits)
        var found: [String] = []
        var start = 0
        for end in splits + [bytes.count] {
            while start < end {
                let step = bytes[start..<end].withUnsafeBytes { view in
                    let step = parser.advance(view)
                    if case .complete = step { found.append(summary(parser, view)) }
                    return step
                }
                switch step {
                case .incomplete: break
                case .complete(let length):
                    start += length
                    parser.begin()
                    continue
                case .refused(let refusal): return found + ["\(refusal)"]
                }
                break
            }
        }
        return found
    }

    private func summary(_ parser: RequestParser, _ bytes: UnsafeRawBufferPointer) -> String {
        let method = String(decoding: bytes[parser.head.method], as: UTF8.self)
        let path = String(decoding: bytes[parser.head.path], as: UTF8.self)
        let id = String(decoding: parser.value(of: Array("webhook-id".utf8), in: bytes), as: UTF8.self)
        let body = parser.withBody(bytes) { String(decoding: $0, as: UTF8.self) }
        return "\(method) \(path) \(id) \(body)\(parser.head.keepsAlive ? "" : " close")"
    }

    @Test func everySplitGivesTheSameRequests() {
        let text =
            "\r\nPOST /a?x=1 HTTP/1.1\r\nhost: h\r\nWebhook-ID:  one \r\ncontent-length: 5\r\n\r\nhello"
            + "PUT http://h:80/b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nwebhook-id: two\r\n\r\n"
            + "3;x=y\r\nabc\r\n00002\r\nde\r\n0\r\ntrailer: t\r\n\r\n"
            + "POST /c HTTP/1.0\r\nconnection: x, Keep-Alive\r\n\r\nPOST /d HTTP/1.1\r\nhost:h\r\nConnection: close\r\n\r\n"
        let expected = ["POST /a one hello", "PUT /b two abcde", "POST /c  ", "POST /d   close"]
        #expect(parse(text) == expected)
        for first in 1..<text.utf8.count {
            #expect(parse(text, splits: [first]) == expected, "split at \(first)")
        }
        #expect(parse(text, splits: Array(1..<text.utf8.count)) == expected, "one byte at a time")
    }

    @Test(arguments: [
        "GET\r\n", "POST / HTTP/1.1 \r\n", "POST  HTTP/1.1\r\n", "PO ST / HTTP/1.1\r\n", "POST / HTTP/x.1\r\n",
        "POST /\u{7F} HTTP/1.1\r\n", "POST nowhere HTTP/1.1\r\n", "POST / HTTP/1.1\n",
        "POST / HTTP/1.1\r\nno colon\r\n", "POST / HTTP/1.1\r\nname : v\r\n", "POST / HTTP/1.1\r\n: v\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\n folded\r\n", "POST / HTTP/1.1\r\nx: a\u{1}b\r\n",
        "POST / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 2\r\n",
        "POST / HTTP/1.1\r\ncontent-length: -1\r\n", "POST / HTTP/1.1\r\ncontent-length: 1, 1\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 9999999999999999999\r\n", "POST / HTTP/1.1\r\ncontent-length: \r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n123456789\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
    ])
    func malformed(text: String) {
        for splits in [[], Array(1..<text.utf8.count)] {
            let found = parse(text, splits: splits)
            #expect(found.count == 1 && found[0].hasPrefix("malformed"), "\(found)")
        }
    }

    @Test(arguments: [
        ("POST /" + String(repeating: "a", count: 1_100), RequestRefusal.targetTooLong),
        ("POST / HTTP/1.1\r\nx: " + String(repeating: "a", count: 1_100), .headTooLarge),
        ("POST / HTTP/1.1\r\n" + String(repeating: "x: y\r\n", count: 129), .headTooLarge),
        ("POST / HTTP/1.1\r\n" + String(repeating: "long-name: long value\r\n", count: 60), .headTooLarge),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 65\r\n\r\n", .bodyTooLarge),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n41\r\n", .bodyTooLarge),
        (
            "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n20\r\n"
                + String(repeating: "b", count: 32) + "\r\n21\r\n", .bodyTooLarge
        ),
        ("POST / HTTP/2.0\r\n", .unknownVersion),
        ("POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n", .unknownEncoding),
        ("POST / HTTP/1.1\r\nexpect: a miracle\r\n", .unknownExpectation),
    ])
    func refusedByLimitOrName(text: String, refusal: RequestRefusal) {
        #expect(parse(text) == ["\(refusal)"])
        #expect(parse(text, splits: Array(1..<text.utf8.count)) == ["\(refusal)"])
    }

    @Test func aBodyAtTheLimitPasses() {
        let body = String(repeating: "b", count: 64)
        #expect(parse("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 64\r\n\r\n" + body) == ["POST /  \(body)"])
        let chunked = "40\r\n\(body)\r\n0\r\n\r\n"
        #expect(
            parse("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" + chunked) == ["POST /  \(body)"])
    }

    @Test func asksToContinueOnce() {
        var parser = RequestParser(limits: limits)
        let head = Array("POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n".utf8)
        _ = head.dropLast().withUnsafeBytes { parser.advance($0) }
        var asked = [parser.takeContinue()]
        _ = head.withUnsafeBytes { parser.advance($0) }
        asked += [parser.takeContinue(), parser.takeContinue()]
        #expect(asked == [false, true, false])
        let step = (head + [1, 2]).withUnsafeBytes { parser.advance($0) }
        #expect(step == .complete(length: head.count + 2))
    }
}
