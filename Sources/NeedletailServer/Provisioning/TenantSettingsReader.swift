import WebhookModel

/// Reads what a tenant has for itself: its share, its rates, its backlog, and the policy of its endpoints that have none.
struct TenantSettingsReader {
    let section: ProvisioningSection

    static let keys = ["retry", "rate", "weight", "retry_rate", "backlog"]

    func settings() -> Tenant.Settings {
        var settings = Tenant.Settings()
        settings.retry = RetryReader(section: section).policy()
        settings.rate = RateReader(section: section).rate()
        settings.weight = section.integer("weight", 1...Limits.tenantWeightMost) ?? settings.weight
        settings.retriesPerSecond = section.integer("retry_rate", 1...Limits.retriesPerSecondMost)
        settings.backlog = section.integer("backlog", 1...Limits.tenantBacklogMost)
        return settings
    }
}
