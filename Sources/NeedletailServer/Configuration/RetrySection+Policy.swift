package import WebhookModel

extension ServerConfiguration.RetrySection {
    /// For endpoints that have none of their own, and whose tenant has none.
    package var policy: RetryPolicy {
        guard maxAttempts > 0 else { return RetryPolicy(delays: delays, jitterPercent: jitterPercent) }
        let rule = RetryRule(maxAttempts: maxAttempts, backoff: backoffSeconds * 1_000, factor: factor, cap: cap)
        return RetryPolicy(delays: rule.delays, jitterPercent: jitterPercent)
    }

    /// What no key can tell alone.
    func check(_ mistakes: inout InputMistakes) {
        let defaults = Self()
        if maxAttempts > 0, delays != defaults.delays {
            mistakes.add("retry.max_attempts: stands beside retry.delays; give one of them")
        }
        if maxAttempts == 0,
            backoffSeconds != defaults.backoffSeconds || factor != defaults.factor || cap != defaults.cap
        {
            mistakes.add(
                "retry.max_attempts: is 0, so retry.backoff_seconds, retry.factor and retry.cap say nothing; give the attempts"
            )
        }
    }
}
