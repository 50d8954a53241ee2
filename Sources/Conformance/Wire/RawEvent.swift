/// An event record as bytes. Every field may be wrong.
struct RawEvent {
    /// 16 bytes.
    var id = RawEvent.freshID()
    var occurredAt: Int64 = 0
    var deliverAt: Int64 = 0
    var tenant: [UInt8]
    var type = Array("conformance.check".utf8)
    var correlationID: [UInt8] = []
    var orderingKey: [UInt8] = []
    var contentType: [UInt8] = []
    var attributes: [(name: [UInt8], value: [UInt8])] = []
    /// The count in the record; nil: the right one.
    var attributeCount: UInt16?
    var payload = Array("{}".utf8)
    /// The length in the record; nil: the right one.
    var payloadLength: UInt32?
    /// Bytes after the payload.
    var appended: [UInt8] = []

    init(tenant: String) { self.tenant = Array(tenant.utf8) }

    /// The record without its own length field.
    var bytes: [UInt8] {
        var record = id
        record.append(number: occurredAt)
        record.append(number: deliverAt)
        for text in [tenant, type, correlationID, orderingKey, contentType] { record.append(text: text) }
        record.append(number: attributeCount ?? UInt16(attributes.count))
        for (name, value) in attributes {
            record.append(text: name)
            record.append(text: value)
        }
        record.append(number: payloadLength ?? UInt32(payload.count))
        return record + payload + appended
    }

    /// A UUID of version 4 (RFC 9562, 5.4), so that runs do not share ids.
    static func freshID() -> [UInt8] {
        var id: [UInt8] = []
        id.append(number: UInt64.random(in: .min ... .max) & 0xFFFF_FFFF_FFFF_0FFF | 0x4000)
        id.append(number: UInt64.random(in: .min ... .max) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
        return id
    }
}
