import Sender
import TestSupport
import Testing
import WebhookModel

/// Answers, good and bad, from a real socket through libcurl to a report.
@Suite("Answers", .timeLimit(.minutes(5)))
struct AnswerTests {
    private func report(_ reaction: RawServer.Reaction, timeout: Int64 = 10_000) async throws -> AttemptReport {
        let server = try await RawServer.start { _, _ in reaction }
        var report: AttemptReport?
        try await SenderBench.run { bench in
            report = await bench.deliver(to: .local(server.port, timeout: timeout))
        }
        await server.stop()
        return try #require(report)
    }

    @Test(
        "each status has its outcome",
        arguments: [
            ("200 OK", Outcome.delivered), ("201 Created", .delivered), ("299 Odd", .delivered),
            ("301 Moved", .redirect),
            ("302 Found", .redirect), ("400 Bad", .refusedStatus), ("404 No", .refusedStatus), ("410 Gone", .gone),
            ("429 Slow", .throttled), ("500 Oops", .refusedStatus), ("502 Bad", .unavailable),
            ("503 Later", .unavailable),
            ("504 Late", .unavailable),
        ])
    func statuses(line: String, outcome: Outcome) async throws {
        let report = try await report(
            .send("HTTP/1.1 \(line)\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno"))
        #expect(report.outcome == outcome)
        #expect(String(report.status) == line.prefix(3))
        #expect(report.excerpt == (outcome == .delivered ? [] : Array("no".utf8)))
        #expect(report.address == "127.0.0.1")
        #expect(report.phases.total >= report.phases.firstByte)
        #expect(report.phases.firstByte > 0)
    }

    @Test("204 needs no body, and an interim answer is not the answer")
    func special() async throws {
        #expect(try await report(.send("HTTP/1.1 204 No Content\r\n\r\n")).outcome == .delivered)
        let interim = try await report(
            .send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"))
        #expect(interim.outcome == .refusedStatus)
        #expect(interim.status == 500)
    }

    static let decidingStatuses: [(line: String, outcome: Outcome)] = [
        ("200 OK", .delivered), ("302 Found", .redirect), ("404 No", .refusedStatus), ("410 Gone", .gone),
        ("429 Slow", .throttled), ("503 Later", .unavailable),
    ]

    /// Bodies that do not end, with their header fields.
    static let brokenBodies: [(name: String, text: String)] = [
        ("short of its length", "Content-Length: 9\r\n\r\nshort"),
        ("no body at all", "Content-Length: 9\r\n\r\n"),
        ("no last chunk", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        ("malformed chunk", "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        ("too large", "Content-Length: 70000\r\n\r\n" + String(repeating: "a", count: 70_000)),
    ]

    @Test("the header section decides, whatever is wrong with the body", arguments: decidingStatuses, brokenBodies)
    func brokenBody(status: (line: String, outcome: Outcome), body: (name: String, text: String)) async throws {
        let report = try await report(.sendAndClose("HTTP/1.1 \(status.line)\r\n\(body.text)"))
        #expect(report.outcome == status.outcome, "\(body.name)")
        #expect(String(report.status) == status.line.prefix(3) && report.isAnswerIncomplete, "\(body.name)")
    }

    @Test("an answer whose end is late counts long before the endpoint's timeout", arguments: decidingStatuses)
    func lateBody(line: String, outcome: Outcome) async throws {
        for body in ["\r\nno length", "Content-Length: 5\r\n\r\nhe", "Transfer-Encoding: gzip\r\n\r\n1"] {
            let report = try await report(.send("HTTP/1.1 \(line)\r\n\(body)"), timeout: 60_000)
            #expect(report.outcome == outcome && report.isAnswerIncomplete)
            #expect(report.phases.total < 30_000_000)
            let excerpt = body.split(separator: "\r\n").last.map { Array($0.utf8) }
            #expect(report.excerpt == (outcome == .delivered ? [] : excerpt))
        }
    }

    @Test("a whole answer is not marked as incomplete")
    func whole() async throws {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 204 No\r\n\r\n",
            "HTTP/1.1 500 No\r\n\r\nto the end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ] {
            #expect(try await !report(.sendAndClose(answer)).isAnswerIncomplete, "\(answer)")
        }
    }

    @Test(
        "without a whole header section there is no answer",
        arguments: [
            (RawServer.Reaction.sendAndClose("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"), Outcome.connectionReset),
            (.sendAndClose("HTTP/1.1 410 Gone\r\n"), .connectionReset),
            (.sendAndClose("HTTP/1.1 100 Continue\r\n\r\n"), .connectionReset),
            (.sendAndClose(""), .connectionReset),
            (.reset, .connectionReset),
            (.sendAndClose("SSH-2.0-OpenSSH_9.2\r\n"), .answerMalformed),
            (.sendAndClose("HTTP/1.1 twohundred OK\r\n\r\n"), .answerMalformed),
        ])
    func broken(reaction: RawServer.Reaction, outcome: Outcome) async throws {
        let report = try await report(reaction)
        #expect(report.outcome == outcome && !report.isAnswerIncomplete)
    }

    @Test(
        "silence ends with the endpoint's timeout", arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"])
    func timeout(start: String) async throws {
        let report = try await report(start.isEmpty ? .keepSilent : .send(start), timeout: 300)
        #expect(report.outcome == .timedOut)
        #expect((290_000...5_000_000).contains(report.phases.total))
    }

    @Test(
        "an endless answer is cut off at the limit",
        arguments: [
            ("HTTP/1.1 500 No\r\n\r\n", Outcome.refusedStatus, Limits.answerExcerptBytes),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", .delivered, 0),
            ("HTTP/1.1 200 OK\r\nX: ", .answerTooLarge, 0),
        ])
    func endless(start: String, outcome: Outcome, excerpt: Int) async throws {
        let report = try await report(.sendForever(start, piece: String(repeating: "a", count: 8_192)))
        #expect(report.outcome == outcome)
        #expect(report.excerpt.count == excerpt)
    }

    @Test("the header lines of an answer that was not 2xx are kept, without those that carry credentials")
    func headers() async throws {
        let lines =
            "X-Reason: a: b\r\nSET-cookie: s=secret\r\n more-secret: x\r\nSet-Cookie2 : secret\r\nx-empty:\r\nauthorization:secret\r\n"
        let failed = try await report(.send("HTTP/1.1 500 No\r\n\(lines)Content-Length: 0\r\n\r\n"))
        #expect(String(decoding: failed.headers, as: UTF8.self) == "X-Reason: a: b\nx-empty:\nContent-Length: 0\n")
        let delivered = try await report(.send("HTTP/1.1 200 OK\r\n\(lines)Content-Length: 0\r\n\r\n"))
        #expect(delivered.headers.isEmpty)
        let interim = try await report(
            .send("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"))
        #expect(String(decoding: interim.headers, as: UTF8.self) == "Content-Length: 0\n")
    }

    @Test("kept header lines are limited, and complete")
    func manyHeaders() async throws {
        let line = "X-Filler: \(String(repeating: "f", count: 90))"
        let lines = String(repeating: line + "\r\n", count: 100)
        let report = try await report(.send("HTTP/1.1 500 No\r\n\(lines)Content-Length: 0\r\n\r\n"))
        let kept = Limits.answerHeaderBytes / (line.utf8.count + 1)
        #expect(report.headers == Array(String(repeating: line + "\n", count: kept).utf8))
    }

    @Test("endless header lines are cut off at the limit")
    func endlessHeaders() async throws {
        let report = try await report(
            .sendForever("HTTP/1.1 200 OK\r\n", piece: String(repeating: "X: y\r\n", count: 1_000)))
        #expect(report.outcome == .answerTooLarge)
    }

    @Test(
        "Retry-After is read in both forms, from 429 and 503 only",
        arguments: [
            ("429 Slow", "7", Int64(7_000)...7_000), ("503 Later", "7", 7_000...7_000),
            (
                "429 Slow", "Wed, 31 Dec 2199 00:00:00 GMT",
                Limits.retryAfterMilliseconds...Limits.retryAfterMilliseconds
            ),
            ("429 Slow", "Sun, 06 Nov 1994 08:49:37 GMT", 0...0), ("500 No", "7", 0...0), ("200 OK", "7", 0...0),
        ])
    func retryAfter(line: String, value: String, expected: ClosedRange<Int64>) async throws {
        let report = try await report(.send("HTTP/1.1 \(line)\r\nrEtRy-aFtEr: \(value)\r\nContent-Length: 0\r\n\r\n"))
        #expect(expected.contains(report.retryAfter))
    }

    @Test("a plain server behind https is a TLS failure")
    func tls() async throws {
        let server = try await RawServer.start(greeting: .sendAndClose("HTTP/1.1 400 Bad\r\n\r\n")) { _, _ in
            .keepSilent
        }
        try await SenderBench.run { bench in
            let report = await bench.deliver(to: Sample.endpoint(url: "https://127.0.0.1:\(server.port)/"))
            #expect(report.outcome == .tlsHandshakeFailed)
        }
        await server.stop()
    }

    @Test("a port without a listener is a failed connection")
    func refused() async throws {
        let port = try await FreePort.choose()
        try await SenderBench.run { bench in
            let report = await bench.deliver(to: .local(port))
            #expect(report.outcome == .connectRefused)
            #expect(report.status == 0)
        }
    }
}
