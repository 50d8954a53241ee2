/// An event that a client describes in words: what `EventRecord.parse` reads back from `record`.
public struct NewEvent: Sendable, Equatable {
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
    public var attributes: [(name: String, value: String)] = []
    public var payload: ArraySlice<UInt8>

    public init(id: EventID, tenant: String, type: String, payload: ArraySlice<UInt8>) {
        self.id = id
        self.tenant = tenant
        self.type = type
        self.payload = payload
    }

    public static func == (left: NewEvent, right: NewEvent) -> Bool { left.record == right.record }

    /// The record without its own length field; nil: a text is longer than 65,535 bytes, or there are more attributes
    /// than a record can count. All other limits are checked by `EventRecord.parse`.
    public var record: [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + Limits.recordOverheadBytes / 16)
        func add(_ value: some FixedWidthInteger) {
            for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        func add(_ text: String) -> Bool {
            guard let count = UInt16(exactly: text.utf8.count) else { return false }
            add(count)
            bytes += text.utf8
            return true
        }
        for number in [id.high, id.low, UInt64(bitPattern: occurredAt), UInt64(bitPattern: deliverAt)] { add(number) }
        for text in [tenant, type, correlationID, orderingKey, contentType] where !add(text) { return nil }
        guard let count = UInt16(exactly: attributes.count), let length = UInt32(exactly: payload.count) else {
            return nil
        }
        add(count)
        for (name, value) in attributes {
            guard add(name), add(value) else { return nil }
        }
        add(length)
        bytes += payload
        return bytes
    }
}
