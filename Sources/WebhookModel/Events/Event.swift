/// A durable event: what a producer published, immutable, with its position and its record as received.
///
/// Copies share the record's bytes.
public struct Event: Sendable {
    public let position: EventPosition
    public let tenant: TenantNumber
    /// When the writer accepted it, Unix milliseconds.
    public let acceptedAt: Int64
    /// The record as received, without its length field.
    public let bytes: [UInt8]
    /// Where its fields are in `bytes`.
    public let record: EventRecord

    public init(position: EventPosition, tenant: TenantNumber, acceptedAt: Int64, bytes: [UInt8], record: EventRecord) {
        self.position = position
        self.tenant = tenant
        self.acceptedAt = acceptedAt
        self.bytes = bytes
        self.record = record
    }

    @inlinable public var id: EventID { record.id }
}
