import Foundation
import MockReceiver
import Testing
import WebhookSigning

/// The receiver knows no sender: strangers' clients and signing code are checked like our own.
@Suite(.timeLimit(.minutes(5))) struct AnySenderTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let checkout = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        .standardizedFileURL.path()
    /// Made by `Tests/run`.
    private static let python = checkout + "/.build/python-venv/bin/python"

    private func withSecrets(_ body: (ReceiverServer) async throws -> Void) async throws {
        var configuration = ReceiverConfiguration()
        configuration.journalCapacity = 100
        configuration.messageCap = 1_000
        configuration.program = try ProgramFile.parse(
            """
            rules: [{path: /flaky, fail_first: 1}, {path: /gone, status: 410}]
            secrets:
              - {path: /svix, scheme: svix, secrets: [\(AnySenderTests.secret)]}
              - {path: "*", secrets: [\(AnySenderTests.secret)]}
            """)
        try await withReceiver(configuration, body)
    }

    @Test func plainCurl() async throws {
        try await withSecrets { receiver in
            let url = "http://127.0.0.1:\(receiver.port)"
            func curl(_ arguments: [String]) async throws -> String {
                let usual = [
                    "--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}", "--data", "{}",
                ]
                let run = try await CommandRun(program: "/usr/bin/curl", usual + arguments)
                return run.output + run.errors
            }
            let talks: [(arguments: [String], said: String)] = [
                ([url + "/a"], "200"), (["--header", "webhook-id: msg_1", "--request", "PUT", url + "/a"], "200"),
                (["--header", "transfer-encoding: chunked", url + "/a"], "200"),
                (["--header", "expect: 100-continue", url + "/a"], "200"), (["--http1.0", url + "/gone"], "410"),
                (["--request", "GET", url + "/a"], "405"),
                // Two on one connection.
                (["--output", "/dev/null", url + "/b", url + "/b"], "200200"),
            ]
            for talk in talks {
                let said = try await curl(talk.arguments)
                #expect(said == talk.said, "\(talk.arguments)")
            }
            let report = receiver.verify([
                Assertion(.requests, 4, path: .exact("/a")), Assertion(.missing, 7), Assertion(.withoutID, 6),
                Assertion(.requests, 2, path: .exact("/b")),
            ])
            #expect(report.holds, "\(report)")
            #expect(receiver.stats().refused == 1)
        }
    }

    @Test func publishedSigningCode() async throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: AnySenderTests.python),
            "\(AnySenderTests.python) is missing: Tests/run makes it, from PyPI")
        try await withSecrets { receiver in
            let script = AnySenderTests.checkout + "/Tests/SignatureLibraries/sender.py"
            let sent = try await CommandRun(
                program: AnySenderTests.python,
                ["-B", script, "http://127.0.0.1:\(receiver.port)", AnySenderTests.secret])
            #expect(sent.status == 0, "\(sent.errors)")
            #expect(sent.output.split(separator: "\n").count == 11, "\(sent.output)")
            let journal = receiver.journal()
            func verdict(_ id: String) -> Verdict? { journal.last { $0.id == id }?.verdict }
            #expect(verdict("msg_1") == .valid && verdict("msg_2") == .valid)
            #expect(verdict("msg_3") == .wrong && verdict("msg_8") == .wrong)
            #expect(verdict("msg_4") == .expired && verdict("msg_5") == .future && verdict("msg_7") == .missing)
            #expect(verdict("msg_6") == .wrong)
            #expect(journal.first { $0.id == "msg_6" }?.diagnosis == .reserialisedJSON)
            let report = receiver.verify([
                Assertion(.valid, 5), Assertion(.unverified, 6), Assertion(.attempts, 3, id: "msg_9"),
                Assertion(.accepted, 1...2, id: "msg_9"), Assertion(.retries, 1, path: .exact("/flaky")),
                Assertion(.duplicates, 1, path: .exact("/flaky")), Assertion(.accepted, 1, id: "msg_2"),
            ])
            #expect(report.holds, "\(report)")
            // One kept connection.
            #expect(receiver.stats().connectionsEver == 1)
        }
    }
}
