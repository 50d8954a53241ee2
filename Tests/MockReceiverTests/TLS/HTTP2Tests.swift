import Foundation
import MockReceiver
import TestSupport
import Testing
import WebhookModel
import WebhookSigning

/// Judged by curl.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Curl.speaksHTTP2, "needs a curl with HTTP/2"))
struct HTTP2Tests {
    /// What curl says: `version status`, a line for each request, then its exit status.
    private func ask(
        _ program: BehaviourProgram, _ arguments: [String] = [], paths: [String] = ["/orders"], body: String = "{}",
        _ check: (ReceiverServer, [String]) async throws -> Void
    ) async throws {
        try await withSecureReceiver(program) { receiver, port, directory in
            try body.write(toFile: directory.path + "/body", atomically: true, encoding: .utf8)
            let urls = paths.map { "https://127.0.0.1:\(port)\($0)" }
            let standard = [
                "--silent", "--http2", "--max-time", "5", "--cacert", directory.path + "/ca.pem", "--data-binary",
                "@\(directory.path)/body", "--header", "webhook-id: one", "--write-out",
                "%{http_version} %{http_code}\n",
            ]
            let outputs = urls.flatMap { ["--output", "/dev/null", $0] }
            try await check(receiver, try await Curl.run(standard + arguments + outputs))
        }
    }

    private func spoilt(_ fault: Fault, _ answer: Answer = Answer(body: "0123456789")) -> BehaviourProgram {
        BehaviourProgram(everywhere: Behaviour(reply: .fault(fault, answer)))
    }

    @Test func requestsAreTreatedAsInHTTP1() async throws {
        let body = #"{"big":"\#(String(repeating: "x", count: 200_000))"}"#
        try await ask(BehaviourProgram(), paths: ["/a?q=1", "/a", "/b"], body: body) { receiver, lines in
            #expect(lines == ["2 200", "2 200", "2 200", "exit 0"])
            #expect(receiver.endpoints().map(\.path) == ["/a", "/b"])
            #expect(receiver.stats().totals.duplicates == 1)
            #expect(receiver.stats().totals.bodyBytes == 3 * body.utf8.count)
            let head = String(decoding: try #require(receiver.journal().last).head, as: UTF8.self)
            #expect(head.hasPrefix("POST /a?q=1 HTTP/1.1\r\nhost: 127.0.0.1:"), "\(head)")
        }
    }

    @Test func signaturesAreChecked() async throws {
        let secret = SigningSecret.generate()
        let secrets = try SecretSet([secret])
        let now = Int64(Date().timeIntervalSince1970)
        let headers = Signer(secrets).headers(id: "one", timestamp: now, body: "{}".utf8)
        let arguments = headers.dropFirst().flatMap { ["--header", "\($0.name): \($0.value)"] }
        try await ask(BehaviourProgram(everywhere: Behaviour(), secrets: secrets), Array(arguments)) {
            receiver, lines in
            #expect(lines == ["2 200", "exit 0"])
            #expect(receiver.stats().totals.count(of: .valid) == 1)
        }
    }

    @Test func refusalsAreAnswered() async throws {
        try await ask(BehaviourProgram(), ["--request", "DELETE"]) { receiver, lines in
            #expect(lines == ["2 405", "exit 0"])
            #expect(receiver.stats().refused == 1)
        }
    }

    /// 92: the stream was not closed cleanly. 28: the time was over.
    @Test(arguments: [
        (Fault.resetAfter(bytes: 0), "exit 92", 1, 0), (.halfClose, "exit 92", 0, 1), (.badStatusLine, "exit 92", 0, 1),
        (.truncatedChunk, "exit 92", 0, 0), (.slowHead(milliseconds: 1), "exit 0", 0, 0),
        (.earlyAnswer, "exit 0", 0, 0),
        (.closeBeforeReuse, "exit 0", 0, 0), (.gzipBomb(mebibytes: 1), "exit 0", 0, 0),
    ])
    func faultsEndStreams(fault: Fault, exit: String, resets: Int, spoiltCount: Int) async throws {
        try await ask(spoilt(fault)) { receiver, lines in
            #expect(lines.last == exit, "\(lines)")
            #expect(receiver.stats().totals.resets == resets)
            #expect(receiver.stats().totals.spoilt == spoiltCount)
            #expect(receiver.stats().totals.requests == 1)
        }
    }

    /// More comes than the length says, also where the answer has no body to be longer than that.
    @Test(arguments: ["", "x", "0123456789"])
    func aBodyCanBeLongerThanItsLength(body: String) async throws {
        try await ask(spoilt(.lengthTooShort, Answer(body: body))) { receiver, lines in
            // 92: the stream was not closed cleanly. 18: less or more came than was said.
            #expect(lines.last == "exit 92" || lines.last == "exit 18", "\(lines)")
            #expect(receiver.stats().totals.requests == 1)
            // Malformed for HTTP/2, but its header section was whole.
            try await eventually { receiver.stats().totals.accepted == 1 }
            #expect(receiver.stats().totals.spoilt == 0)
        }
    }

    /// With all that the length promised the answer would be whole for curl, however late the stream's end is.
    @Test(arguments: [Fault.truncatedChunk, .malformedChunk], [0, 30])
    func aTruncatedAnswerIsNeverComplete(fault: Fault, delay: Int) async throws {
        let program = BehaviourProgram(
            everywhere: Behaviour(reply: .fault(fault, Answer(body: "0123456789", dribble: 1)), delay: .fixed(delay)))
        try await ask(program) { receiver, lines in
            #expect(lines.last == "exit 92", "\(lines)")
            #expect(receiver.stats().totals.accepted == 1)
        }
    }

    /// Beyond the window of a stream, which nobody widens any more.
    @Test(arguments: ["", "hi"])
    func anEarlyAnswerEndsALongUpload(text: String) async throws {
        let body = String(repeating: "x", count: 1_000_000)
        try await ask(spoilt(.earlyAnswer, Answer(status: 413, body: text)), body: body) { receiver, lines in
            #expect(lines == ["2 413", "exit 0"])
            #expect(receiver.stats().totals.requests == 1)
        }
    }

    /// Nobody would answer on it any more.
    @Test func aConnectionThatBreaksALimitIsClosed() async throws {
        let long = "x-long: " + String(repeating: "a", count: 20_000)
        try await ask(BehaviourProgram(), ["--header", long]) { receiver, lines in
            #expect(lines.last != "exit 0" && lines.last != "exit 28", "\(lines)")
            try await eventually { receiver.stats().connections == 0 }
            #expect(receiver.stats().refused == 1)
            #expect(receiver.stats().totals.requests == 0)
        }
    }

    /// They would make the whole answer malformed (RFC 9113 section 8.2.2).
    @Test func connectionFieldsAreLeftOut() async throws {
        let names = ["Connection", "keep-alive", "transfer-encoding", "upgrade", "x-kept"]
        let answer = Answer(headers: names.map { Answer.Header($0, "close") })
        try await ask(BehaviourProgram(everywhere: Behaviour(reply: .answer(answer))), ["--dump-header", "-"]) {
            _, lines in
            let heads = lines.flatMap { $0.split(whereSeparator: \.isNewline) }
            #expect(heads == ["HTTP/2 200 ", "x-kept: close", "content-length: 0", "2 200", "exit 0"])
        }
    }

    /// Streams and timers that held each other would keep it.
    @Test func aStoppedReceiverLeavesNothingBehind() async throws {
        let program = BehaviourProgram(rules: [
            .init(.exact("/hangs"), Behaviour(reply: .fault(.silence, Answer()))),
            .init(.exact("/slow"), Behaviour(reply: .answer(Answer(body: "abc", dribble: 1)), delay: 1)),
            .init(.all, Behaviour()),
        ])
        weak var core: AnyObject?
        try await ask(program, ["--max-time", "1", "--parallel"], paths: ["/a", "/slow", "/hangs"]) { receiver, lines in
            #expect(lines.count(where: { $0 == "2 200" }) == 2, "\(lines)")
            #expect(receiver.stats().totals.requests == 3)
            let control = try #require(Mirror(reflecting: receiver).descendant("control"))
            core = try #require(Mirror(reflecting: control).descendant("shared")) as AnyObject
            #expect(core != nil)
        }
        try await eventually { core == nil }
    }

    @Test(arguments: [("abc", 39_000_000), ("", 29_000_000)])
    func delaysAndDribblesTakeTheirTime(body: String, least: Int64) async throws {
        let slow = Behaviour(reply: .answer(Answer(status: 202, body: body, dribble: 5)), delay: 30)
        try await ask(BehaviourProgram(everywhere: slow)) { receiver, lines in
            #expect(lines == ["2 202", "exit 0"])
            try await eventually { receiver.stats().totals.accepted + receiver.stats().totals.abandoned == 1 }
            #expect(receiver.stats().totals.abandoned == 0)
            let account = try #require(receiver.accounts().first)
            #expect(account.firstAccepted - account.firstSeen >= least)
        }
    }
}

/// The system's curl.
enum Curl {
    static let speaksHTTP2: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "--version"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.contains("HTTP2")
    }()

    /// Its lines, and its exit status as the last.
    static func run(_ arguments: [String]) async throws -> [String] {
        let run = try await CommandRun(program: "/usr/bin/env", ["curl"] + arguments)
        return run.output.split(separator: "\n").map(String.init) + ["exit \(run.status)"]
    }
}
