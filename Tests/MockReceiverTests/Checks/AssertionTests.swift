import MockReceiver
import Testing
import WebhookModel

@Suite(.timeLimit(.minutes(5))) struct AssertionTests {
    private func mistakes(_ text: String) -> [String] {
        do {
            _ = try AssertionFile.parse(text)
            return []
        } catch {
            return error.mistakes.map(\.description)
        }
    }

    @Test func readsCountsAndRanges() throws {
        let orders = PathPattern("/orders")
        let found = try AssertionFile.parse(
            """
            - {duplicates: 0, 5xx: {at_most: 3}}
            - {path: /orders, accepted: 5, requests: {at_least: 5, at_most: 9}}
            - {id: evt_1, attempts: 3}
            """)
        #expect(
            found == [
                Assertion(.duplicates, 0), Assertion(.serverErrors, 0...3), Assertion(.requests, 5...9, path: orders),
                Assertion(.accepted, 5, path: orders), Assertion(.attempts, 3, id: "evt_1"),
            ])
        #expect(try AssertionFile.parse(short: "accepted=5") == Assertion(.accepted, 5))
        #expect(try AssertionFile.parse(short: "2xx>=5") == Assertion(.ok, 5...Int.max))
        #expect(try AssertionFile.parse(short: "wrong<=0", path: orders) == Assertion(.wrong, 0, path: orders))
    }

    @Test func namesEveryMistake() {
        #expect(mistakes("- {acepted: 1}\n- {path: x, requests: -1}").count == 4)
        #expect(
            mistakes("- {acepted: 1}").first == "1:4: unknown key \"acepted\"; did you mean accepted?"
                || mistakes("- {acepted: 1}").count == 2)
        #expect(
            mistakes("- {attempts: 1}") == [
                "1:14: attempts: attempts are counted per message: add its id, or count requests"
            ])
        #expect(mistakes("- {id: a, valid: 1}").first?.contains("is not counted per message") == true)
        #expect(
            mistakes("- {accepted: {at_least: 2, at_most: 1}}") == ["1:14: accepted: at_least is more than at_most"])
        for wrong in ["", "accepted: 1", "- 5", "- {}", "["] { #expect(!mistakes(wrong).isEmpty, "\(wrong)") }
        #expect(throws: ProgramError.self) { _ = try AssertionFile.parse(short: "accepted") }
        #expect(throws: ProgramError.self) { _ = try AssertionFile.parse(short: "accepted=x") }
        #expect(throws: ProgramError.self) { _ = try AssertionFile.parse(short: "attempts=1") }
    }

    @Test func assertionsAreComparedWithTheRequests() async throws {
        try await withReceiver(BehaviourProgram(rules: [.init(.exact("/b"), Behaviour(failFirst: 1))])) { receiver in
            let requests = [
                WebhookRequest.numbered(1), .numbered(1), .numbered(2, path: "/b"), .numbered(2, path: "/b"),
            ]
            _ = try await RawClient.statuses(from: receiver.port, requests.map(\.text))
            let id = EventID(high: 7, low: 2).webhookID
            let good = receiver.verify([
                Assertion(.requests, 4), Assertion(.accepted, 2), Assertion(.duplicates, 1), Assertion(.retries, 1),
                Assertion(.messages, 2), Assertion(.requests, 2, path: .exact("/b")),
                Assertion(.serverErrors, 1, path: .all),
                Assertion(.messages, 1, path: .exact("/b")), Assertion(.attempts, 2, id: id),
                Assertion(.accepted, 1, id: id),
                Assertion(.attempts, 0, path: .exact("/orders"), id: id), Assertion(.unchecked, 4),
                Assertion(.attempts, 0, id: "none"),
            ])
            #expect(good.holds, "\(good)")
            let bad = receiver.verify([Assertion(.requests, 4), Assertion(.accepted, 3...9, path: .exact("/b"))])
            #expect(!bad.holds && !bad.isInconclusive)
            #expect(bad.description == "holds: requests = 4; found 4\nfails: accepted (path /b) in 3…9; found 1")
        }
    }

    @Test func aFullTableIsInconclusive() async throws {
        var configuration = ReceiverConfiguration()
        configuration.messageCap = 1
        try await withReceiver(configuration) { receiver in
            _ = try await RawClient.statuses(from: receiver.port, [1, 2, 2].map { WebhookRequest.numbered($0).text })
            let report = receiver.verify([Assertion(.duplicates, 0), Assertion(.requests, 3)])
            #expect(report.findings.map(\.outcome) == [.inconclusive, .holds])
            #expect(report.isInconclusive && !report.holds)
            #expect(!receiver.verify([Assertion(.duplicates, 0), Assertion(.requests, 4)]).isInconclusive)
        }
    }
}
