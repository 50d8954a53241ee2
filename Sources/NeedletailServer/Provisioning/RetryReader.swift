import WebhookModel

/// Reads `retry`: a schedule of delays, or a rule that makes one.
struct RetryReader {
    let section: ProvisioningSection

    static let keys = ["delays", "jitter_percent", "max_attempts", "backoff_seconds", "factor", "cap"]
    static let ruleKeys = ["max_attempts", "backoff_seconds", "factor", "cap"]
    private static let longest = Limits.retryAfterMilliseconds * 7

    /// The policy; the standard one where nothing is said or it cannot be read.
    func policy() -> RetryPolicy {
        guard let node = section.node("retry") else { return .standard }
        let retry = ProvisioningSection(
            node, label: "\(section.label): retry", keys: RetryReader.keys, notes: section.notes)
        guard let retry else { return .standard }
        let jitter = retry.integer("jitter_percent", 0...100) ?? RetryPolicy.standard.jitterPercent
        guard retry.has("delays") else { return RetryPolicy(delays: rule(retry), jitterPercent: jitter) }
        for key in RetryReader.ruleKeys where retry.has(key) {
            retry.note(key, "stands beside delays; give the delays, or max_attempts and backoff_seconds")
        }
        return RetryPolicy(delays: delays(retry), jitterPercent: jitter)
    }

    private func delays(_ retry: ProvisioningSection) -> [Int64] {
        let texts = retry.texts("delays") ?? []
        if texts.count >= Limits.attempts { retry.note("delays", "give fewer than \(Limits.attempts)") }
        return texts.compactMap { text in
            let delay = Quantity.milliseconds(text)
            guard let delay, (0...RetryReader.longest).contains(delay) else {
                retry.note("delays", "\"\(text)\" is no good; give durations up to 7d, as [5s, 30s, 2m]")
                return nil
            }
            return delay
        }
    }

    /// Delay n is backoff × factorⁿ⁻¹, at most the cap; one fewer than there are attempts.
    private func rule(_ retry: ProvisioningSection) -> [Int64] {
        let standard = RetryPolicy.standard
        guard RetryReader.ruleKeys.contains(where: retry.has) else { return standard.delays }
        let attempts = retry.integer("max_attempts", 1...Limits.attempts) ?? standard.attempts
        let factor = retry.number("factor", 1...10) ?? 2
        let cap = retry.duration("cap", 1...RetryReader.longest) ?? Limits.retryAfterMilliseconds / 2
        var delay = (retry.number("backoff_seconds", 0.001...604_800) ?? 5) * 1_000
        return (1..<attempts).map { _ in
            defer { delay = min(delay * factor, Double(RetryReader.longest)) }
            return min(Int64(delay.rounded()), cap)
        }
    }
}
