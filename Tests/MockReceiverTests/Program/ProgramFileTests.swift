import MockReceiver
import Testing
import WebhookSigning

@Suite struct ProgramFileTests {
    private func mistakes(_ text: String) -> [String] {
        do {
            _ = try ProgramFile.parse(text)
            return []
        } catch {
            return error.mistakes.map(\.description)
        }
    }

    @Test func readsEveryKey() throws {
        let program = try ProgramFile.parse(
            """
            seed: 7
            reset_on_accept_percent: 0.5
            rules:
              - path: /orders/*
                status: 202
                headers: {x-a: "1", x-b: two}
                body: ok
                delay_ms: 20
                fail_first: 2
                fail_percent: 5
                fail_status: 429
                fail_headers: {retry-after: 2}
                fail_body: later
              - {path: /broken, reset: true, fail_reset: true}
            secrets:
              - path: "*"
                secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
            """)
        let orders = Behaviour(
            reply: .answer(Answer(status: 202, headers: [.init("x-a", "1"), .init("x-b", "two")], body: "ok")), delay: 20,
            failFirst: 2, failShare: 0.05,
            failure: .answer(Answer(status: 429, headers: [.init("retry-after", "2")], body: "later")))
        let secrets = try SecretSet(written: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        #expect(
            program
                == BehaviourProgram(
                    rules: [
                        .init(try #require(PathPattern("/orders/*")), orders),
                        .init(.exact("/broken"), Behaviour(reply: .reset, failure: .reset)),
                    ], secrets: [.init(.all, secrets)], seed: 7, resetOnAccept: 0.005))
    }

    @Test func readsJSONAndNothing() throws {
        let program = try ProgramFile.parse(#"{"rules": [{"path": "*", "status": 503}]}"#)
        #expect(program == BehaviourProgram(everywhere: Behaviour(reply: .answer(Answer(status: 503)))))
        #expect(try ProgramFile.parse("") == BehaviourProgram())
        #expect(try ProgramFile.parse("{}").secrets == nil)
    }

    @Test func namesEveryMistakeWithItsLine() {
        let found = mistakes(
            """
            sed: 7
            rules:
              - path: orders
                status: 99
              - status: 200
                delay_ms: soon
                fail_percent: 101
                headers: {content-length: 1}
            secrets:
              - path: /a
                secrets: [whsec_MfKQ]
            """)
        #expect(found.count == 8, "\(found)")
        #expect(found.contains { $0.hasPrefix("1:1: unknown key \"sed\"") })
        #expect(found.contains { $0.hasPrefix("3:11: path: expected a path") })
        #expect(found.contains { $0.hasPrefix("4:13: status: expected a whole number from 200 to 599") })
        #expect(found.contains { $0.hasPrefix("5:5: path is missing") })
        #expect(found.contains { $0.hasPrefix("6:15: delay_ms") })
        #expect(found.contains { $0.hasPrefix("7:19: fail_percent") })
        #expect(found.contains { $0.hasPrefix("8:14: headers") })
        #expect(found.contains { $0.hasPrefix("11:14: secrets: a signing secret holds 24 to 64 bytes") })
        #expect(!found.joined().contains("MfKQ"))
    }

    @Test(arguments: ["rules: [", "a: 1\na: 2", "just text", "- list", "rules: {path: /a}", "rules: [1]", "\tx: 1"])
    func refusesWhatIsNoProgram(text: String) {
        #expect(!mistakes(text).isEmpty)
    }
}
