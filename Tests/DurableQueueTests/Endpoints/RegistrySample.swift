import DurableQueue
import Store
import TestSupport
import WebhookModel

/// Registries and rows with a default for everything.
enum RegistrySample {
    /// A registry with tenant 1.
    static func registry(senders: Int = 1, tenantBacklog: Int = .max) -> EndpointRegistry {
        var registry = EndpointRegistry(senders: senders, tenantBacklog: tenantBacklog)
        _ = registry.put(tenant(1))
        return registry
    }

    static func tenant(_ number: UInt32, settings: Tenant.Settings = Tenant.Settings()) -> Stored<Tenant> {
        Stored(
            Tenant(number: TenantNumber(number), name: "tenant-\(number)", settings: settings), origin: .api,
            revision: 1)
    }

    static func endpoint(
        _ number: UInt32, tenant: UInt32 = 1, batch: BatchRule? = nil, rate: Rate? = nil,
        _ change: (inout Endpoint.Settings) -> Void = { _ in }
    ) -> Stored<EndpointRow> {
        var settings = Endpoint.Settings(url: "https://example.com/", secrets: [Sample.secret])
        settings.batch = batch
        settings.rate = rate
        change(&settings)
        return Stored(
            EndpointRow(
                number: EndpointNumber(number), tenant: TenantNumber(tenant), name: "e\(number)", settings: settings),
            origin: .api, revision: 1)
    }
}
