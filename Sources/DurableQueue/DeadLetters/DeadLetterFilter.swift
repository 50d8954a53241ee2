public import Store
public import WebhookModel

/// Which dead letters, by names: every condition that is given must hold.
public struct DeadLetterFilter: Sendable {
    public var tenant: String?
    /// Of the tenant; without one, of any.
    public var endpoint: String?
    public var types: Subscription?
    /// How the last attempt ended: one of these.
    public var outcomes: Set<Outcome>?
    /// Dead-lettered at this time or later, Unix milliseconds.
    public var since: Int64?
    /// Dead-lettered before this time, Unix milliseconds.
    public var until: Int64?
    public var deliveries: Set<DeliveryID>?
    public var events: Set<EventID>?

    public init() {}

    /// The trigger that the first attempt of each is recorded with: a single one is a redelivery, a window a replay.
    public var trigger: AttemptTrigger { deliveries != nil || events != nil ? .manual : .replay }

    /// The same in the store's numbers.
    ///
    /// - Throws: an unknown name.
    public func query(_ names: EndpointNames) throws(TenancyError) -> DeadLetterQuery {
        var query = DeadLetterQuery()
        if tenant != nil || endpoint != nil {
            let fitting = names.endpoints.filter {
                (tenant ?? $0.tenant) == $0.tenant && (endpoint ?? $0.name) == $0.name
            }
            if let tenant, !names.tenants.contains(tenant) { throw .unknownTenant(tenant) }
            if let endpoint, fitting.isEmpty { throw .unknownEndpoint(tenant: tenant ?? "", name: endpoint) }
            query.endpoints = Set(fitting.map(\.number))
        }
        query.types = types
        query.outcomes = outcomes
        query.since = since
        query.until = until
        query.deliveries = deliveries
        query.events = events
        return query
    }
}

/// What a redelivery came to.
public struct Redelivered: Sendable, Equatable {
    /// Scheduled: due at once, or when their endpoint is enabled.
    public var deliveries = 0
    /// Not scheduled: their endpoint was removed.
    public var withoutEndpoint = 0

    public init() {}
}
