import Access
import Store
import WebhookModel

// Webhooks: list, get.
extension ManagementDesk {
    /// Webhooks that were not removed, the newest first.
    ///
    /// - Parameter tenant: of this tenant only, by name.
    public func webhooks(
        of tenant: String? = nil, _ request: ListRequest, for caller: Caller
    ) throws(ManagementError) -> Listing<Webhook> {
        try caller.require(.readWebhooks)
        let tenants = try caller.tenants(named: tenant)
        let seal = settings.seal
        let page = try page("webhooks of \(tenant ?? "")", for: caller, request) {
            (snapshot, request) throws(StoreReadError) in
            try snapshot.endpoints(in: tenants, seal: seal, request)
        }
        var names: [TenantNumber: String] = [:]
        var rows: [Webhook] = []
        for row in page.rows {
            let number = row.value.tenant
            if names[number] == nil { names[number] = try tenantName(number) }
            rows.append(Webhook(id: ids.webhook(row.value.number), tenant: names[number] ?? "", row: row))
        }
        return Listing(rows: rows, next: page.next)
    }

    public func webhook(_ id: String, for caller: Caller) throws(ManagementError) -> Webhook {
        try caller.require(.readWebhooks)
        return try webhook(id, visibleTo: caller)
    }

    /// For use cases that have checked their own scope: the webhook, where the key is for its tenant.
    func webhook(_ id: String, visibleTo caller: Caller) throws(ManagementError) -> Webhook {
        guard let number = ids.webhook(id) else { throw .notFound("webhook") }
        let seal = settings.seal
        let found = try read { (snapshot) throws(StoreReadError) in try snapshot.endpoint(number, seal: seal) }
        let row = try caller.only(found, a: "webhook") { $0.value.tenant }
        return Webhook(id: id, tenant: try tenantName(row.value.tenant), row: row)
    }

    func tenantName(_ number: TenantNumber) throws(ManagementError) -> String {
        let row = try read { (snapshot) throws(StoreReadError) in try snapshot.tenant(number) }
        return row?.value.name ?? ""
    }
}
