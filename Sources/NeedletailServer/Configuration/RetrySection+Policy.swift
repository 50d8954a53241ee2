package import WebhookModel

extension ServerConfiguration.RetrySection {
    /// The policy of endpoints without one whose tenant has none either.
    package var policy: RetryPolicy {
        guard maxAttempts > 0 else { return RetryPolicy(delays: delays, jitterPercent: jitterPercent) }
        let rule = RetryRule(maxAttempts: maxAttempts, backoff: backoffSeconds * 1_000, factor: factor, cap: cap)
        return RetryPolicy(delays: rule.delays, jitterPercent: jitterPercent)
    }

    /// Checks settings against each other.
    func check(_ mistakes: inout InputMistakes) {
        let defaults = Self()
        if maxAttempts > 0, delays != defaults.delays {
            mistakes.add("retry.max_attempts cannot be combined with retry.delays; give one of them")
        }
        if maxAttempts == 0,
            backoffSeconds != defaults.backoffSeconds || factor != defaults.factor || cap != defaults.cap
        {
            mistakes.add(
                "retry.backoff_seconds, retry.factor and retry.cap need retry.max_attempts; give the number of attempts"
            )
        }
    }
}
