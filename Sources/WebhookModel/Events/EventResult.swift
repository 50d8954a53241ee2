/// What became of one published event. The wire's status codes are these, numbered in WireProtocol.
public enum EventResult: UInt8, Sendable {
    /// Not decided yet.
    case undecided
    /// Durable, with all its deliveries.
    case accepted
    /// The same id with the same content is stored already: a success.
    case duplicate
    /// Durable, but no endpoint wants it.
    case acceptedNoMatch
    /// Not stored: the tenant is over a limit. Send again later.
    case throttled
    /// Not stored: overloaded, or in doubt. Send again, same id.
    case busy
    /// Not stored: the disk or the map is full. Deliveries go on; send again later.
    case storageFull
    /// Not stored: shutting down. Send again on another connection.
    case draining
    /// Refused for good.
    case malformed
    case tooLarge
    case unknownTenant
    case tenantDisabled
    case forbidden
    case unknownEventType
    /// The id is taken by other content.
    case conflict
    case badTime
}
