import Glibc
import Sender
import TestSupport
import Testing
import WebhookModel

/// Answers that mean harm: each ends within the endpoint's timeout, in little memory, under the name that fits.
///
/// Runs alone (`Tests/run`), for it measures the process's memory.
@Suite("AnswerAttackTests", .serialized, .timeLimit(.minutes(5)))
struct AnswerAttackTests {
    /// What one attempt came to, and what it cost.
    private struct Cost {
        let report: AttemptReport
        /// The process's highest resident memory during the attempt, less what it had before: bytes.
        let growth: Int
    }

    private func attempt(
        _ reaction: RawServer.Reaction, isHasty: Bool = false, timeout: Int64 = 2_000, payload: Int = 2
    ) async throws -> Cost {
        let server = try await RawServer.start(isHasty: isHasty) { _, _ in reaction }
        var cost: Cost?
        try await SenderBench.run { bench in
            let before = PeakMemory.reset()
            let report = await bench.deliver(
                to: .local(server.port, timeout: timeout), payload: [UInt8](repeating: 0x20, count: payload))
            cost = Cost(report: report, growth: PeakMemory.peak - before)
        }
        await server.stop()
        return try #require(cost)
    }

    /// Either side's buffers: the attacker runs in this process too.
    private static let mostGrowth = 16 << 20

    private func judge(
        _ name: String, _ cost: Cost, _ outcomes: Set<Outcome>, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let outcome = cost.report.outcome
        print(
            "attack \(name): \(outcome.name), \(cost.report.phases.total / 1_000) ms, \(cost.growth / 1_024) KiB more")
        #expect(outcomes.contains(outcome), "\(name): \(outcome.name)", sourceLocation: sourceLocation)
        #expect(cost.growth < AnswerAttackTests.mostGrowth, sourceLocation: sourceLocation)
        #expect(cost.report.excerpt.count <= Limits.answerExcerptBytes, sourceLocation: sourceLocation)
    }

    private static let piece = String(repeating: "a", count: 8_192)

    @Test(
        "an endless answer is cut off at 64 KiB",
        arguments: [
            ("body", "HTTP/1.1 200 OK\r\n\r\n", piece, Outcome.delivered),
            ("body of a failure", "HTTP/1.1 500 No\r\n\r\n", piece, .refusedStatus),
            ("long length", "HTTP/1.1 200 OK\r\nContent-Length: 922337203685\r\n\r\n", piece, .delivered),
            (
                "chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "2000\r\n" + piece + "\r\n", .delivered
            ),
            (
                "trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-Trailer: y\r\n",
                .delivered
            ),
            (
                "header lines", "HTTP/1.1 200 OK\r\n", String(repeating: "X-Header: y\r\n", count: 600),
                .answerTooLarge
            ),
            (
                "interim answers", "", String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 300),
                .answerTooLarge
            ),
            (
                "early hints", "", String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 300),
                .answerTooLarge
            ),
        ])
    func endless(name: String, start: String, piece: String, outcome: Outcome) async throws {
        judge("endless \(name)", try await attempt(.sendForever(start, piece: piece)), [outcome])
    }

    @Test("a header line without end, and a megabyte of headers, are cut off")
    func header() async throws {
        let line = try await attempt(.sendForever("HTTP/1.1 200 OK\r\nX: ", piece: AnswerAttackTests.piece))
        judge("header without end", line, [.answerTooLarge])
        let status = try await attempt(.sendForever("HTTP/1.1 200 ", piece: AnswerAttackTests.piece))
        judge("status line without end", status, [.answerTooLarge])
        let megabyte = "HTTP/1.1 200 OK\r\n" + String(repeating: "X-Header: 0123456789\r\n", count: 48_000) + "\r\n"
        judge("1 MB of headers", try await attempt(.send(megabyte)), [.answerTooLarge])
    }

    @Test(
        "a malformed body length is not a delivery, and with one that is too large the status counts",
        arguments: [
            ("-5", Outcome.answerMalformed), ("99999999999999999999999999", .answerMalformed),
            ("ten", .answerMalformed),
            ("0x10", .answerMalformed), ("2, 3", .answerMalformed), ("+2", .answerMalformed),
            ("2\r\nContent-Length: 3", .answerMalformed), ("9", .delivered),
        ])
    func length(value: String, outcome: Outcome) async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(value)\r\n\r\nhi"
        judge("length \(value.debugDescription)", try await attempt(.send(answer), timeout: 1_000), [outcome])
    }

    @Test(
        "malformed chunks come after the header section, which has decided",
        arguments: ["xyz\r\n", "-1\r\nab\r\n", "FFFFFFFFFFFFFFFFFFFF\r\na", "2\r\nabcd\r\n0\r\n\r\n", "5 hello"])
    func chunks(body: String) async throws {
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
        judge(
            "chunk \(body.debugDescription)", try await attempt(.send(answer), timeout: 1_000), [.delivered])
    }

    @Test("a slow drip ends with the endpoint's timeout, wherever it drips")
    func drip() async throws {
        for (name, start) in [
            ("status", ""), ("headers", "HTTP/1.1 200 OK\r\n"),
            ("body", "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
        ] {
            let piece = name == "headers" ? "A: b\r\n" : "H"
            let cost = try await attempt(.drip(start, piece: piece, milliseconds: 20), timeout: 1_000)
            let outcomes: Set<Outcome> =
                switch name {
                case "status": [.timedOut, .answerMalformed]
                case "headers": [.timedOut]
                default: [.delivered]
                }
            judge("drip of \(name)", cost, outcomes)
            #expect(cost.report.phases.total < 3_000_000)
        }
    }

    @Test("a compressed answer is never decoded, neither its content's coding nor its transfer's")
    func compressed() async throws {
        let bomb = GzipBomb.bytes(megabytes: 6)
        let content = Array("HTTP/1.1 500 No\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n".utf8)
        let kept = try await attempt(.sendBytes(content + bomb))
        judge("gzip bomb of \(bomb.count) bytes", kept, [.refusedStatus])
        #expect(kept.report.excerpt == Array(bomb.prefix(Limits.answerExcerptBytes)))
        // Nobody asked for a transfer's coding: what comes is read to the connection's end, as it comes.
        let transfer = Array("HTTP/1.1 500 No\r\nTransfer-Encoding: gzip\r\n\r\n".utf8)
        let coded = try await attempt(.sendBytes(transfer + bomb), timeout: 1_000)
        judge("gzip bomb in transfer", coded, [.refusedStatus])
        #expect(coded.report.excerpt == Array(bomb.prefix(Limits.answerExcerptBytes)))
        let chunked = Array("HTTP/1.1 500 No\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".utf8)
        let size = Array((String(bomb.count, radix: 16) + "\r\n").utf8)
        let cut = try await attempt(.sendBytes(chunked + size + bomb + Array("\r\n0\r\n\r\n".utf8)))
        judge("gzip bomb in chunks", cut, [.refusedStatus])
        #expect(cut.report.excerpt == Array(bomb.prefix(Limits.answerExcerptBytes)))
    }

    @Test("an answer during the request counts if the whole request is read")
    func early() async throws {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let taken = try await attempt(.send(ok), isHasty: true, payload: Limits.payloadBytes)
        judge("early 200, read on", taken, [.delivered])
        let no = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
        judge(
            "early 500, read on", try await attempt(.send(no), isHasty: true, payload: Limits.payloadBytes),
            [.refusedStatus])
        judge(
            "early close", try await attempt(.sendAndClose(""), isHasty: true, payload: Limits.payloadBytes),
            [.connectionReset])
        judge("early reset", try await attempt(.reset, isHasty: true, payload: Limits.payloadBytes), [.connectionReset])
    }

    @Test("a thousand endless answers leak no memory")
    func many() async throws {
        let server = try await RawServer.start { _, _ in
            .sendForever("HTTP/1.1 500 No\r\n\r\n", piece: AnswerAttackTests.piece)
        }
        try await SenderBench.run { bench in
            func round(_ first: UInt64, _ count: UInt64) async {
                for start in stride(from: first, to: first + count, by: 10) {
                    // One endpoint each: a failing one would be left alone after ten.
                    for position in start..<start + 10 {
                        bench.offer(position...position, to: .local(server.port, number: UInt32(position)))
                    }
                    _ = await bench.reports(10)
                }
            }
            await round(1, 100)
            let before = PeakMemory.reset()
            await round(101, 1_000)
            let growth = PeakMemory.peak - before
            print("attack 1,000 endless answers: \(growth / 1_024) KiB more at the peak")
            #expect(growth < AnswerAttackTests.mostGrowth)
        }
        await server.stop()
    }
}

/// The process's resident memory (proc(5)), bytes.
private enum PeakMemory {
    /// Forgets the peak so far; gives what is resident now.
    static func reset() -> Int {
        let file = open("/proc/self/clear_refs", O_WRONLY)
        _ = write(file, "5", 1)
        close(file)
        return value("VmRSS:")
    }

    static var peak: Int { value("VmHWM:") }

    private static func value(_ key: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix(key) {
                return (text.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0) * 1_024
            }
        }
        return 0
    }
}
