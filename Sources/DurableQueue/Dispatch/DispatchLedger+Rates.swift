import HeapModule
import WebhookModel

/// Until when nothing of an endpoint, or of a tenant, is handed over.
struct Pause: Comparable {
    enum Owner {
        /// By its index in the accounts.
        case endpoint(Int)
        case tenant(TenantNumber)
    }

    var until: Int64
    var of: Owner

    static func < (left: Pause, right: Pause) -> Bool { left.until < right.until }
    static func == (left: Pause, right: Pause) -> Bool { left.until == right.until }
}

extension DispatchLedger {
    /// Follows a tenant's rate; its endpoints must be put after it.
    mutating func put(_ tenant: Tenant) { refillList += rates.put(tenant) }

    /// How many deliveries an endpoint may have now: what its sender may hold of it, and what the rates let through.
    func room(of account: EndpointAccount, now: Int64) -> Int {
        let room = account.room
        guard account.isRated, room > 0 else { return room }
        return min(room, rates.available(account.endpoint, now: now))
    }

    /// Takes a token for a delivery that is handed over; the last one pauses its owner.
    mutating func spend(_ index: Int, now: Int64) {
        let endpoint = accounts[index]!.endpoint
        let spent = rates.spend(endpoint, now: now)
        if let until = spent.endpointPause { pause(index, until: until) }
        if let until = spent.tenantPause { pauses.insert(Pause(until: until, of: .tenant(endpoint.tenant))) }
    }
}
