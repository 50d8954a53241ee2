import WebhookModel

/// Reads `rate` of an endpoint or a tenant: attempts a second, and at once.
struct RateReader {
    let section: ProvisioningSection

    static let keys = ["per_second", "burst"]

    /// Nil where nothing is said, or it cannot be read.
    func rate() -> Rate? {
        guard let node = section.node("rate") else { return nil }
        let rate = ProvisioningSection(
            node, label: "\(section.label): rate", keys: RateReader.keys, notes: section.notes)
        guard let rate else { return nil }
        let burst = rate.integer("burst", 1...Limits.attemptBurstMost)
        guard rate.has("per_second") else {
            rate.note("per_second", "is missing; give attempts a second")
            return nil
        }
        return rate.integer("per_second", 1...Limits.attemptsPerSecondMost).map { Rate(perSecond: $0, burst: burst) }
    }
}
