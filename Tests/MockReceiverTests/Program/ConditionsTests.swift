import MockReceiver
import Testing
import WebhookModel

@Suite(.timeLimit(.minutes(5))) struct ConditionsTests {
    /// The rule answers 503; what it does not hold for gets 200.
    private func statuses(_ conditions: Conditions, _ requests: [WebhookRequest]) async throws -> [Int] {
        let failing = Behaviour(reply: .answer(Answer(status: 503)))
        var statuses: [Int] = []
        try await withReceiver(BehaviourProgram(rules: [.init(.all, when: conditions, failing)])) { receiver in
            statuses = try await RawClient.statuses(from: receiver.port, requests.map(\.text))
        }
        return statuses
    }

    @Test func attemptsAreThoseOfTheMessage() async throws {
        let one = WebhookRequest.numbered(1)
        let two = WebhookRequest.numbered(2)
        #expect(
            try await statuses(Conditions(attempts: 2...3), [one, two, one, one, one, two]) == [
                200, 200, 503, 503, 200, 503,
            ])
        #expect(try await statuses(Conditions(attempts: 1...1), [WebhookRequest(id: nil)]) == [200])
    }

    @Test func requestsAreThoseOfThePath() async throws {
        let requests =
            (0..<4).map { WebhookRequest.numbered($0) } + [.numbered(9, path: "/other"), .numbered(8, path: "/other")]
        #expect(try await statuses(Conditions(requests: 2...3), requests) == [200, 503, 503, 200, 200, 503])
    }

    @Test func headersMatchByNameAndValue() async throws {
        var beta = WebhookRequest.numbered(1)
        beta.headers = ["X-Version: beta-2"]
        var stable = WebhookRequest.numbered(2)
        stable.headers = ["x-version: 1"]
        let conditions = Conditions(headers: [HeaderCondition("X-Version", TextPattern("beta*"))])
        #expect(try await statuses(conditions, [beta, stable, .numbered(3)]) == [503, 200, 200])
        let both = Conditions(headers: [
            HeaderCondition("x-version", TextPattern("*")), HeaderCondition("host", TextPattern("other")),
        ])
        #expect(try await statuses(both, [beta]) == [200])
    }

    @Test func typesAndTenantsComeFromHeaderOrBody() async throws {
        var inBody = WebhookRequest.numbered(1)
        inBody.body = #"{"id":"a\"}","data":{"type":"user.created"},"type" : "order.paid", "tenant":"acme"}"#
        var inHeader = WebhookRequest.numbered(2)
        inHeader.headers = ["x-event-type: order.paid", "x-tenant: acme"]
        inHeader.body = #"{"type":"user.created","tenant":"other"}"#
        var neither = WebhookRequest.numbered(3)
        neither.body = "type=order.paid"
        let requests = [inBody, inHeader, neither]
        #expect(try await statuses(Conditions(eventTypes: [TextPattern("order.*")]), requests) == [503, 503, 200])
        #expect(try await statuses(Conditions(tenants: [TextPattern("acme")]), requests) == [503, 503, 200])
        #expect(try await statuses(Conditions(eventTypes: [TextPattern("user.*")]), requests) == [200, 200, 200])
        let both = Conditions(
            eventTypes: [TextPattern("x"), TextPattern("order.paid")], tenants: [TextPattern("other")])
        #expect(try await statuses(both, requests) == [200, 200, 200])
    }

    @Test func windowsCountFromTheProgramsStart() async throws {
        #expect(try await statuses(Conditions(window: TimeWindow(from: 60_000)), [.numbered(1)]) == [200])
        #expect(try await statuses(Conditions(window: TimeWindow(to: 60_000)), [.numbered(1)]) == [503])
        let flapping = TimeWindow(from: 200, to: 300, every: 1_000)
        #expect([100, 200, 299, 300, 1_250, 1_300].map(flapping.contains) == [false, true, true, false, true, false])
        let brownOut = Share(from: 0, to: 0.8, over: 1_000)
        #expect([0, 500, 1_000, 9_999].map(brownOut.value) == [0, 0.4, 0.8, 0.8])
    }

    @Test func theFirstRuleWhoseConditionsHoldApplies() async throws {
        let rules: [BehaviourProgram.Rule] = [
            .init(.exact("/orders"), when: Conditions(attempts: 1...1), Behaviour(reply: .answer(Answer(status: 500)))),
            .init(.exact("/orders"), when: Conditions(share: Share(0)), Behaviour(reply: .answer(Answer(status: 501)))),
            .init(.all, when: Conditions(attempts: 2...2), Behaviour(reply: .answer(Answer(status: 502)))),
            .init(.exact("/orders"), Behaviour(reply: .answer(Answer(status: 201)))),
        ]
        try await withReceiver(BehaviourProgram(rules: rules)) { receiver in
            let request = WebhookRequest().text
            try await expectStatuses([500, 502, 201], from: receiver.port, [request, request, request])
            try await expectStatuses([200], from: receiver.port, [WebhookRequest(path: "/other").text])
        }
    }

    @Test func aRateLimitSendsRetryAfter() async throws {
        let limited = Behaviour(rateLimit: RateLimit(perSecond: 0.5, burst: 2))
        try await withReceiver(BehaviourProgram(everywhere: limited)) { receiver in
            let requests = (0..<3).map { WebhookRequest.numbered($0).text }
            let (text, _) = try await RawClient.talk(to: receiver.port, requests) {
                RawClient.statuses(in: $0).count == 3
            }
            #expect(RawClient.statuses(in: text) == [200, 200, 429])
            #expect(text.contains("retry-after: 2\r\n"))
            // Each path has its own bucket.
            try await expectStatuses([200], from: receiver.port, [WebhookRequest.numbered(1, path: "/other").text])
            #expect(receiver.stats().totals.limited == 1)
        }
    }
}
