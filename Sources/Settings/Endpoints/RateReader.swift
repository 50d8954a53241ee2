import WebhookModel

/// Reads `rate` of an endpoint or a tenant: attempts per second, and the burst.
struct RateReader {
    let section: SettingsSection

    static let keys = ["per_second", "burst"]

    /// Nil where there is none, or after a mistake.
    func rate() -> Rate? {
        guard let rate = section.section("rate", keys: RateReader.keys) else { return nil }
        let burst = rate.integer("burst", 1...Limits.attemptBurstMost)
        guard rate.has("per_second") else {
            rate.missing("per_second", expected: "attempts per second")
            return nil
        }
        return rate.integer("per_second", 1...Limits.attemptsPerSecondMost).map { Rate(perSecond: $0, burst: burst) }
    }
}
