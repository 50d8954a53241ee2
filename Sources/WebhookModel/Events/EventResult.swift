/// What happened to one published event. WireProtocol maps each to a status code.
public enum EventResult: UInt8, Sendable {
    /// Not decided yet.
    case undecided
    /// Durable, with all its deliveries.
    case accepted
    /// The same id with the same content is already stored: a success.
    case duplicate
    /// Durable, but no endpoint wants it.
    case acceptedNoMatch
    /// Not stored: the tenant is over a limit. Send again later.
    case throttled
    /// Not stored: overloaded, or in doubt. Send again, same id.
    case busy
    /// Not stored: the disk or the map is full. Deliveries continue; send again later.
    case storageFull
    /// Not stored: shutting down. Send again on another connection.
    case draining
    /// Permanently refused.
    case malformed
    case tooLarge
    case unknownTenant
    case tenantDisabled
    case forbidden
    case unknownEventType
    /// The id is stored with other content.
    case conflict
    case badTime
}
