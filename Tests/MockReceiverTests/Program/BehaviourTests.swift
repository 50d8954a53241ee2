import MockReceiver
import Testing
import WebhookModel
import WebhookSigning

@Suite(.timeLimit(.minutes(5))) struct BehaviourTests {
    @Test func theFirstMatchingRuleApplies() async throws {
        let busy = Answer(status: 429, headers: [.init("retry-after", "2")], body: "later\n")
        let program = BehaviourProgram(rules: [
            .init(.exact("/a"), Behaviour(reply: .answer(busy))),
            .init(try #require(PathPattern("/a*")), Behaviour(reply: .answer(Answer(status: 204)))),
        ])
        try await withReceiver(program) { receiver in
            let (text, _) = try await RawClient.talk(to: receiver.port, [WebhookRequest(path: "/a").text]) {
                $0.hasSuffix("later\n")
            }
            #expect(text == "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\ncontent-length: 6\r\n\r\nlater\n")
            let others = ["/ab", "/b"].map { WebhookRequest(path: $0).text }
            try await expectStatuses([204, 200], from: receiver.port, others)
        }
    }

    @Test func resetsInsteadOfAnAnswer() async throws {
        let program = BehaviourProgram(rules: [
            .init(.exact("/reset"), Behaviour(reply: .reset)),
            .init(.exact("/flaky"), Behaviour(failFirst: 1, failure: .reset)),
        ])
        try await withReceiver(program) { receiver in
            let reset = try await RawClient.talk(to: receiver.port, [WebhookRequest(path: "/reset").text])
            #expect(reset.text.isEmpty && reset.end == .reset)
            let first = try await RawClient.talk(to: receiver.port, [WebhookRequest(path: "/flaky").text])
            #expect(first.text.isEmpty && first.end == .reset)
            try await expectStatuses([200], from: receiver.port, [WebhookRequest(path: "/flaky").text])
            #expect(receiver.stats().totals.resets == 2)
            #expect(receiver.stats().totals.accepted == 1)
        }
    }

    @Test func resetsConnectionsOnAccept() async throws {
        var program = BehaviourProgram()
        program.resetOnAccept = 1
        try await withReceiver(program) { receiver in
            // The reset may come before the client knows that it is connected: its library then tells of it in other ways.
            let talk = try? await RawClient.talk(to: receiver.port, [WebhookRequest().text])
            #expect(talk == nil || (talk?.text == "" && talk?.end != .open))
            #expect(receiver.stats().totals.resets == 1)
            #expect(receiver.stats().totals.requests == 0)
        }
    }

    /// The ids that failed when `ids` came in this order over so many connections.
    private func failures(seed: UInt64, _ ids: [UInt64], connections: Int) async throws -> Set<UInt64> {
        var failed: Set<UInt64> = []
        let program = BehaviourProgram(everywhere: Behaviour(failShare: 0.3), seed: seed)
        try await withReceiver(program) { receiver in
            let port = receiver.port
            try await withThrowingTaskGroup(of: Void.self) { group in
                for connection in 0..<connections {
                    let share = ids.enumerated().filter { $0.offset % connections == connection }.map(\.element)
                    group.addTask {
                        _ = try await RawClient.statuses(
                            from: port, share.map { WebhookRequest.numbered($0).text }, inOnePiece: true)
                    }
                }
                try await group.waitForAll()
            }
            failed = Set(receiver.accounts().filter { $0.lastStatus == 503 }.map(\.id.low))
        }
        return failed
    }

    @Test func oneSeedFailsTheSameMessagesInAnyOrder() async throws {
        let ids = Array(0..<600 as Range<UInt64>)
        let inOrder = try await failures(seed: 42, ids, connections: 1)
        #expect(try await failures(seed: 42, ids.reversed(), connections: 7) == inOrder)
        #expect(try await failures(seed: 43, ids, connections: 1) != inOrder)
        // 30 % of 600, five standard deviations either way.
        #expect((124...236).contains(inOrder.count))
    }

    @Test func theProgramChangesBetweenRequests() async throws {
        let secret = SigningSecret.generate()
        let checked = BehaviourProgram(everywhere: Behaviour(), secrets: try SecretSet([secret]))
        try await withReceiver(checked) { receiver in
            let request = WebhookRequest().text
            try await expectStatuses([200], from: receiver.port, [request])
            receiver.replace(BehaviourProgram(everywhere: Behaviour(reply: .answer(Answer(status: 500)))))
            try await expectStatuses([500], from: receiver.port, [request])
            // The secrets stayed, and so did the accounts.
            #expect(receiver.stats().totals.count(of: .missing) == 2)
            #expect(receiver.stats().totals.duplicates == 1)
            receiver.reset()
            #expect(receiver.stats().totals.requests == 0 && receiver.accounts().isEmpty)
            try await expectStatuses([500], from: receiver.port, [request])
            #expect(receiver.stats().totals.requests == 1 && receiver.stats().messages == 1)
        }
    }

    @Test func patternsAreExactOrPrefixes() throws {
        #expect(try #require(PathPattern("*")).matches("/anything"))
        #expect(try #require(PathPattern("/a/*")).matches("/a/b"))
        #expect(try !#require(PathPattern("/a/*")).matches("/a"))
        #expect(try #require(PathPattern("/a")).matches("/a"))
        #expect(try !#require(PathPattern("/a")).matches("/a/"))
        for wrong in ["", "a", "/a*b", "**", "/a?b", "/a b", "a*"] { #expect(PathPattern(wrong) == nil, "\(wrong)") }
    }
}
