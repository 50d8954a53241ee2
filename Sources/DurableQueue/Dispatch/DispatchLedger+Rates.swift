import HeapModule
import WebhookModel

/// Until when nothing of an endpoint, or of a tenant, is handed over.
struct Pause: Comparable {
    enum Owner {
        /// Held by its sender; by its index in the accounts.
        case endpoint(Int)
        /// Its rate is spent.
        case endpointRate(EndpointNumber)
        case tenantRate(TenantNumber)
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

    /// Whether a report, a sender or its tenant's rate must be waited for; else its own rate's pause asks for the refill.
    func wantsRefillAgain(_ account: EndpointAccount) -> Bool {
        account.hasBacklog && account.room > 0 && !(account.isRated && rates.isSpent(account.endpoint.number))
    }

    /// Takes a token for a delivery that is handed over; the last one pauses its owner.
    mutating func spend(_ index: Int, now: Int64) {
        let endpoint = accounts[index]!.endpoint
        let spent = rates.spend(endpoint, now: now)
        if let until = spent.endpointPause { pauses.insert(Pause(until: until, of: .endpointRate(endpoint.number))) }
        if let until = spent.tenantPause { pauses.insert(Pause(until: until, of: .tenantRate(endpoint.tenant))) }
    }
}
