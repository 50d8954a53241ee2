import Access
public import Store
public import WebhookModel

// Tenants: list, get. They are named, not numbered: their id is their name.
extension ManagementDesk {
    /// The tenants of the key, the newest first.
    public func tenants(_ request: ListRequest, for caller: Caller) throws(ManagementError) -> Listing<Stored<Tenant>> {
        try caller.require(.readTenants)
        let tenants = caller.tenants
        return try page("tenants", for: caller, request) { (snapshot, request) throws(StoreReadError) in
            try snapshot.tenants(in: tenants, request)
        }
    }

    public func tenant(named name: String, for caller: Caller) throws(ManagementError) -> Stored<Tenant> {
        try caller.require(.readTenants)
        let number = try caller.tenant(named: name)
        let row = try read { (snapshot) throws(StoreReadError) in try snapshot.tenant(number) }
        return try caller.only(row, a: "tenant") { $0.value.number }
    }
}
