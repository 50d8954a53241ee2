public import WebhookModel

/// Who made a tenant, key or endpoint: the provisioning file removes only the rows that it made.
public enum Origin: Int64, Sendable {
    case provisioned = 1
    case api = 2
}

/// A row of a configuration table, with its version.
public struct Stored<Value: Sendable>: Sendable {
    public var value: Value
    public var origin: Origin
    /// The version of the row: 1 when it was made, one more with each change. 0: written by a program that had no
    /// revisions.
    public var revision: UInt64
    /// When it was made, Unix milliseconds; 0: not known.
    public var createdAt: Int64
    /// When it was last changed, Unix milliseconds; 0: not known.
    public var updatedAt: Int64

    public init(
        _ value: Value, origin: Origin, revision: UInt64 = 0, createdAt: Int64 = 0, updatedAt: Int64 = 0
    ) {
        self.value = value
        self.origin = origin
        self.revision = revision
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// An endpoint as it is stored: its tenant by number.
public struct EndpointRow: Sendable, Equatable {
    public var number: EndpointNumber
    public var tenant: TenantNumber
    public var name: String
    public var settings: Endpoint.Settings
    /// Its failures since the last success; nil: it works.
    public var failing: FailingStretch?
    /// Why and when the server stopped sending to it.
    public var disabled: Endpoint.Disablement?
    /// Nothing is sent to its URL before this time, Unix milliseconds: it asked for a pause, or its breaker is open.
    public var heldUntil: Int64?
    /// When it was removed, Unix milliseconds; nil: it was not. Its deliveries wait for it to be created again.
    public var removedAt: Int64?

    public init(number: EndpointNumber, tenant: TenantNumber, name: String, settings: Endpoint.Settings) {
        self.number = number
        self.tenant = tenant
        self.name = name
        self.settings = settings
    }
}

/// The fields that the rows of tenants, keys and endpoints share.
enum RowFields {
    private enum Tag {
        static let revision: UInt8 = 252
        static let createdAt: UInt8 = 253
        static let updatedAt: UInt8 = 254
        static let origin: UInt8 = 255
    }

    static func write<Value>(_ row: Stored<Value>, to writer: inout FieldWriter) {
        if row.revision != 0 { writer.add(Tag.revision, Int64(bitPattern: row.revision)) }
        if row.createdAt != 0 { writer.add(Tag.createdAt, row.createdAt) }
        if row.updatedAt != 0 { writer.add(Tag.updatedAt, row.updatedAt) }
        writer.add(Tag.origin, row.origin.rawValue)
    }

    static func origin(_ reader: FieldReader) -> Origin { reader.number(Tag.origin).flatMap(Origin.init) ?? .api }

    static func read<Value>(_ value: Value, _ reader: FieldReader) -> Stored<Value> {
        Stored(
            value, origin: origin(reader),
            revision: reader.number(Tag.revision).map { UInt64(bitPattern: $0) } ?? 0,
            createdAt: reader.number(Tag.createdAt) ?? 0, updatedAt: reader.number(Tag.updatedAt) ?? 0)
    }
}
