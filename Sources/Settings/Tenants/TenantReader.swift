import WebhookModel

/// Reads what is chosen for one tenant: its share, its rates, its backlog, and the retry policy of its endpoints that
/// have none.
package struct TenantReader {
    let section: SettingsSection

    package static let keys = [
        "name", "enabled", "retry", "rate", "weight", "retry_rate", "backlog", "allow_networks",
    ]

    package init(section: SettingsSection) { self.section = section }

    /// Without endpoints; nil after a mistake in its name.
    package func tenant() -> DesiredTenant? {
        let enabled = section.truth("enabled") ?? true
        let settings = self.settings()
        guard let name = section.text("name", needed: true) else { return nil }
        guard Tenant.isValidName(Array(name.utf8)) else {
            section.invalid("name", name, expected: "1 to \(Limits.tenantNameBytes) of A-Z a-z 0-9 _ . -")
            return nil
        }
        return DesiredTenant(name: name, enabled: enabled, settings: settings)
    }

    private func settings() -> Tenant.Settings {
        var settings = Tenant.Settings()
        settings.retry = RetryReader(section: section).policy()
        settings.rate = RateReader(section: section).rate()
        settings.weight = section.integer("weight", 1...Limits.tenantWeightMost) ?? settings.weight
        settings.retriesPerSecond = section.integer("retry_rate", 1...Limits.retriesPerSecondMost)
        settings.backlog = section.integer("backlog", 1...Limits.tenantBacklogMost)
        settings.allowNetworks = ConnectionReader.networks("allow_networks", section)
        return settings
    }
}
