import NeedletailServer
import Testing
import WebhookModel

@Suite struct RetryConfigurationTests {
    private func configuration(_ text: String) throws -> ServerConfiguration {
        try ServerConfiguration.load(text: text, named: "n.yaml", environment: [:])
    }

    private func mistake(_ text: String) -> String {
        do {
            _ = try configuration(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `the default policy is the standard one`() throws {
        #expect(ServerConfiguration().retry.policy == .standard)
    }

    @Test func `a list and a rule make a policy`() throws {
        let list = try configuration("retry: { delays: [1s, 2m], jitter_percent: 0, tenant_rate: 7 }").retry
        #expect(list.policy == RetryPolicy(delays: [1_000, 120_000], jitterPercent: 0))
        #expect(list.tenantRate == 7)
        let rule = try configuration("retry: { max_attempts: 4, backoff_seconds: 1, factor: 3, cap: 5s }").retry
        #expect(rule.policy == RetryPolicy(delays: [1_000, 3_000, 5_000]))
    }

    @Test(arguments: [
        ("retry: { delays: [] }", "retry.delays"),
        (
            "retry: { delays: [5] }",
            "n.yaml:1:10: invalid value \"5\" for retry.delays; expected 1 to 99 durations up to 7d"
        ),
        ("retry: { delays: [8d] }", "invalid value \"8d\" for retry.delays"),
        ("retry: { factor: 11 }", "invalid value \"11\" for retry.factor; expected a number from 1.0 to 10.0"),
        ("retry: { factor: 3 }", "retry.backoff_seconds, retry.factor and retry.cap need retry.max_attempts"),
        ("retry: { delays: [1s], max_attempts: 3 }", "retry.max_attempts cannot be combined with retry.delays"),
        ("retry: { tenant_rate: 0 }", "invalid value \"0\" for retry.tenant_rate"),
        ("queue: { tenant_backlog: 0 }", "invalid value \"0\" for queue.tenant_backlog"),
    ])
    func `a mistake is reported`(text: String, expected: String) {
        let mistake = mistake(text)
        #expect(mistake.contains(expected), "\(mistake)")
    }
}
