public import NIOCore
public import WebhookModel

/// An event as a producer fills it in. Written by `encode`, read back by `EventRecord.parse`.
public struct OutgoingEvent: Sendable, Equatable {
    /// The identity; zero is refused.
    public var id: EventID
    /// Unix milliseconds; 0 = when received.
    public var occurredAt: Int64 = 0
    /// Unix milliseconds; 0 = now.
    public var deliverAt: Int64 = 0
    public var tenant: String
    public var type: String
    public var correlationID = ""
    /// Empty: no order requested.
    public var orderingKey = ""
    /// Empty: `application/json`.
    public var contentType = ""
    public var attributes: [Attribute] = []
    public var payload: [UInt8]

    public struct Attribute: Sendable, Equatable {
        public var name: String
        public var value: String
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(id: EventID, tenant: String, type: String, payload: [UInt8]) {
        self.id = id
        self.tenant = tenant
        self.type = type
        self.payload = payload
    }

    /// Bytes of the record, without its own length field.
    public var recordBytes: Int {
        let texts = tenant.utf8.count + type.utf8.count + correlationID.utf8.count + orderingKey.utf8.count
        let attributes = attributes.reduce(0) { $0 + 4 + $1.name.utf8.count + $1.value.utf8.count }
        return EventRecord.fixedBytes + 5 * 2 + texts + contentType.utf8.count + 2 + attributes + 4 + payload.count
    }

    /// Appends the record without its own length field. The server checks the limits, except that no text may be longer
    /// than 65,535 bytes.
    public func encode(to buffer: inout ByteBuffer) {
        buffer.writeInteger(id.high)
        buffer.writeInteger(id.low)
        buffer.writeInteger(occurredAt)
        buffer.writeInteger(deliverAt)
        buffer.writeText(tenant)
        buffer.writeText(type)
        buffer.writeText(correlationID)
        buffer.writeText(orderingKey)
        buffer.writeText(contentType)
        buffer.writeInteger(UInt16(attributes.count))
        for attribute in attributes {
            buffer.writeText(attribute.name)
            buffer.writeText(attribute.value)
        }
        buffer.writeInteger(UInt32(payload.count))
        buffer.writeBytes(payload)
    }
}
