import WebhookModel

/// Reads `retry` of an endpoint or a tenant: a list of delays, or a rule that computes them.
struct RetryReader {
    let section: SettingsSection

    static let keys = ["delays", "jitter_percent"] + ruleKeys
    static let ruleKeys = ["max_attempts", "backoff_seconds", "factor", "cap_seconds", "cap"]

    /// Nil where there is none, or after a mistake: inherited.
    func policy() -> RetryPolicy? {
        guard let retry = section.section("retry", keys: RetryReader.keys) else { return nil }
        let jitter = retry.integer("jitter_percent", 0...100) ?? RetryPolicy.standard.jitterPercent
        guard retry.has("delays") else { return RetryPolicy(delays: rule(retry), jitterPercent: jitter) }
        for key in RetryReader.ruleKeys where retry.has(key) {
            retry.note(
                key, .conflict, "cannot be combined with delays; give delays, or max_attempts and backoff_seconds")
        }
        return RetryPolicy(delays: delays(retry), jitterPercent: jitter)
    }

    private func delays(_ retry: SettingsSection) -> [Int64] {
        let texts = retry.texts("delays") ?? []
        if texts.count >= Limits.attempts {
            retry.note("delays", "has \(texts.count) members; at most \(Limits.attempts - 1) are allowed")
        }
        return texts.compactMap { text in
            let delay = Quantity.milliseconds(text)
            guard let delay, (0...Limits.retryDelayMilliseconds).contains(delay) else {
                let most = Quantity.text(milliseconds: Limits.retryDelayMilliseconds)
                retry.invalid("delays", text, expected: "durations up to \(most), as [5s, 30s, 2m]")
                return nil
            }
            return delay
        }
    }

    private func rule(_ retry: SettingsSection) -> [Int64] {
        guard RetryReader.ruleKeys.contains(where: retry.has) else { return RetryPolicy.standard.delays }
        var rule = RetryRule()
        rule.maxAttempts = retry.integer("max_attempts", 1...Limits.attempts) ?? rule.maxAttempts
        rule.factor = retry.number("factor", 1...10) ?? rule.factor
        let seconds = 0.001...Double(Limits.retryDelayMilliseconds / 1_000)
        rule.backoff = retry.number("backoff_seconds", seconds).map { $0 * 1_000 } ?? rule.backoff
        if retry.has("cap"), retry.has("cap_seconds") {
            retry.note("cap", .conflict, "cannot be combined with cap_seconds; give one of them")
        }
        let cap = retry.number("cap_seconds", seconds).map { Int64(($0 * 1_000).rounded()) }
        rule.cap = retry.duration("cap", 1...Limits.retryDelayMilliseconds) ?? cap ?? rule.cap
        return rule.delays
    }
}
