import MockReceiver
import Testing

/// What a sender meets when a recipe is used by its name.
@Suite(.timeLimit(.minutes(5))) struct RecipeBehaviourTests {
    private func with(_ recipe: String, _ body: (ReceiverServer) async throws -> Void) async throws {
        try await withReceiver(try ProgramFile.parse(try Cookbook.text(recipe)), body)
    }

    /// What each of so many attempts of one message gets, each on a connection of its own.
    private func attempts(_ count: Int, at receiver: ReceiverServer) async throws -> [String] {
        var answers: [String] = []
        for _ in 0..<count {
            let (text, _) = try await RawClient.talk(to: receiver.port, [WebhookRequest().text]) {
                $0.contains("\r\n\r\n") || $0.contains("0\r\n")
            }
            answers.append(text)
        }
        return answers
    }

    @Test func goneIs410() async throws {
        try await with("gone") { receiver in
            try await expectStatuses([410], from: receiver.port, [WebhookRequest().text])
        }
    }

    @Test func rateLimitedSays429WithRetryAfter() async throws {
        try await with("rate-limited=0.01") { receiver in
            let requests = (0..<2).map { WebhookRequest.numbered($0).text }
            try await expectStatuses([200, 429], from: receiver.port, requests, inOnePiece: true)
            let (text, _) = try await RawClient.talk(to: receiver.port, [WebhookRequest().text]) {
                $0.contains("\r\n\r\n")
            }
            // A token takes 100 s; how much of it has passed is the machine's affair.
            let wait = text.lowercased().firstMatch(of: /\r\nretry-after: ([0-9]+)\r\n/).flatMap { Int($0.1) }
            #expect((50...100).contains(try #require(wait)), "\(text)")
        }
    }

    @Test func flakyAcceptsEveryMessageInTheEnd() async throws {
        try await with("flaky=50") { receiver in
            for number in 0..<50 as Range<UInt64> {
                while try await RawClient.statuses(from: receiver.port, [WebhookRequest.numbered(number).text]) != [200]
                {}
            }
            let report = receiver.verify([
                Assertion(.accepted, 50), Assertion(.duplicates, 0), Assertion(.serverErrors, 20...90),
                Assertion(.retries, 20...100),
            ])
            #expect(report.holds, "\(report)")
        }
    }

    @Test func ssrfRedirectLeadsToPrivateAddresses() async throws {
        try await with("ssrf-redirect") { receiver in
            let answers = try await attempts(3, at: receiver)
            #expect(
                answers[0].contains("http://169.254.169.254/latest/meta-data/")
                    && answers[1].contains("http://127.0.0.1:1/"))
            #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 30") }, "\(answers)")
        }
    }

    @Test func liarAcceptsInTheEnd() async throws {
        try await with("liar") { receiver in
            let answers = try await attempts(5, at: receiver)
            #expect(!answers[2].hasPrefix("HTTP/1.1 200"), "\(answers[2])")
            #expect(answers[4].hasPrefix("HTTP/1.1 200 OK\r\n"), "\(answers[4])")
            #expect(receiver.verify([Assertion(.accepted, 1), Assertion(.spoilt, 1)]).holds)
        }
    }

    @Test func withoutAnIDAttemptsAreNotCounted() async throws {
        let request = WebhookRequest(id: nil).text
        try await with("liar") { receiver in
            try await expectStatuses([200, 200], from: receiver.port, [request, request])
        }
        try await with("ssrf-redirect") { receiver in
            let (text, _) = try await RawClient.talk(to: receiver.port, [request]) { $0.contains("\r\n\r\n") }
            #expect(text.contains("/orders?hop=1\r\n"), "\(text)")
        }
    }

    @Test func downForRefusesConnections() async throws {
        try await with("down-for=1m") { receiver in
            await #expect(throws: (any Error).self) {
                _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest().text])
            }
        }
    }
}
