import Testing
import WebhookModel

@Suite struct RetryRuleTests {
    @Test(
        arguments: [
            // attempts, backoff, factor, cap; delays: all in milliseconds
            (RetryRule(), [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000]),
            (RetryRule(maxAttempts: 4, backoff: 10_000, factor: 3, cap: 60_000), [10_000, 30_000, 60_000]),
            (RetryRule(maxAttempts: 5, backoff: 1_000, factor: 1, cap: 60_000), [1_000, 1_000, 1_000, 1_000]),
            (RetryRule(maxAttempts: 4, backoff: 1_000, factor: 1.5, cap: 60_000), [1_000, 1_500, 2_250]),
            (RetryRule(maxAttempts: 3, backoff: 90_000, factor: 2, cap: 60_000), [60_000, 60_000]),
            (RetryRule(maxAttempts: 2, backoff: 0.4, factor: 2, cap: 60_000), [0]),
            (RetryRule(maxAttempts: 1), []),
            (RetryRule(maxAttempts: 0), []),
        ] as [(RetryRule, [Int64])])
    func aRuleIsASchedule(rule: RetryRule, delays: [Int64]) {
        #expect(rule.delays == delays)
    }

    @Test func theLargestRuleStaysInRange() {
        let rule = RetryRule(
            maxAttempts: 1_000, backoff: Double(Limits.retryDelayMilliseconds), factor: 10,
            cap: Limits.retryDelayMilliseconds)
        #expect(rule.delays == Array(repeating: Limits.retryDelayMilliseconds, count: Limits.attempts - 1))
    }

    @Test func theTableOfTheStandardRuleIsCorrect() {
        var at: Int64 = 0
        let times: [Int64] =
            [0]
            + RetryRule().delays.map { delay -> Int64 in
                at += delay
                return at / 1_000
            }
        #expect(times == [0, 5, 15, 35, 75, 155, 315, 635, 1_275])
    }

    @Test func anEndpointHasItsOwnPolicyOrTheOneItInherits() {
        let tenants = RetryPolicy(delays: [7])
        func endpoint(_ own: RetryPolicy?) -> Endpoint {
            Endpoint(
                number: EndpointNumber(1), tenant: TenantNumber(1), tenantName: "t", name: "e",
                settings: Endpoint.Settings(url: "https://example.com/", secrets: [], retry: own),
                inherited: Endpoint.Inherited(retry: tenants, tenantWeight: 3))
        }
        #expect(endpoint(nil).retry == tenants)
        #expect(endpoint(RetryPolicy(delays: [9])).retry == RetryPolicy(delays: [9]))
        #expect(endpoint(nil).tenantWeight == 3)
    }

    @Test func aRoundCountsItsOwnAttempts() {
        let round = DeliveryRound(earlier: 9, trigger: .replay)
        #expect(round.place(of: 10) == 1 && round.trigger(of: 10) == .replay)
        #expect(round.place(of: 11) == 2 && round.trigger(of: 11) == .schedule)
        #expect(DeliveryRound.first.trigger(of: 1) == .schedule)
    }
}
