import Scheduling
import Store
import WebhookModel

extension WriterCore {
    /// Brings a tenant's rates and limits to where they are held to; its endpoints must be put after it.
    func put(_ tenant: Tenant) {
        ledger.put(tenant)
        retryRates.put(tenant.number, perSecond: tenant.settings.retriesPerSecond)
        backlog.put(tenant.number, limit: tenant.settings.backlog ?? configuration.tenantBacklog)
    }

    /// Brings an endpoint to where it is handed over and counted.
    ///
    /// - Parameter pending: deliveries that wait for one that is new here.
    func put(_ endpoint: EndpointRow, pending: Int = 0) {
        ledger.put(tenancy.endpoint(endpoint), active: tenancy.isActive(endpoint))
        backlog.put(endpoint.number, of: endpoint.tenant, pending: pending)
    }

    /// Tells the operator of tenants whose backlog is full.
    func noteBacklogs() {
        for (number, isOver) in backlog.takeNews() {
            let tenant = tenancy.tenants[number]?.value
            let limit = tenant?.settings.backlog ?? configuration.tenantBacklog
            notices.append(.backlog(tenant: tenant?.name ?? "", limit: limit, isOver: isOver))
        }
    }

    /// Milliseconds after which a THROTTLED producer should come again.
    static let backlogRetryAfter: UInt32 = 1_000
}
