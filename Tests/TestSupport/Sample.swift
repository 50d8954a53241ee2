package import WebhookModel

/// Model values with a default for everything: a test names only what it is about.
package enum Sample {
    /// An endpoint; the secret is a valid one.
    package static func endpoint(
        _ number: UInt32 = 1, tenant: UInt32 = 1, url: String = "https://example.com/hook",
        secrets: [String] = [Sample.secret], retry: RetryPolicy? = nil, window: Int = 16, timeout: Int64 = 15_000,
        headers: [CustomHeader] = [], connection: EndpointConnection? = nil, weight: Int = 1,
        tenantNetworks: [String] = []
    ) -> Endpoint {
        var settings = Endpoint.Settings(url: url, secrets: secrets, retry: retry, window: window, timeout: timeout)
        settings.headers = headers
        settings.connection = connection
        return Endpoint(
            number: EndpointNumber(number), tenant: TenantNumber(tenant), tenantName: "tenant-\(tenant)",
            name: "endpoint-\(number)", settings: settings,
            inherited: Endpoint.Inherited(tenantWeight: weight, networks: tenantNetworks))
    }

    /// A secret of 24 bytes, all 0x2A.
    package static let secret = "whsec_KioqKioqKioqKioqKioqKioqKioqKioq"

    /// An event as the store gives it out. Its id is made of its position, so that ids of different positions differ.
    package static func event(
        _ position: UInt64 = 1, tenant: UInt32 = 1, type: String = "task.completed", correlationID: String = "",
        contentType: String = "", occurredAt: Int64 = 0, attributes: [(name: String, value: String)] = [],
        payload: [UInt8] = Array("{}".utf8)
    ) -> Event {
        let bytes = recordBytes(
            id: EventID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | position), tenant: "tenant-\(tenant)",
            type: type, occurredAt: occurredAt, correlationID: correlationID, contentType: contentType,
            attributes: attributes, payload: payload)
        guard case .success(let record) = bytes.withUnsafeBytes({ EventRecord.parse($0) }) else {
            preconditionFailure("the sample is no event record")
        }
        return Event(
            position: EventPosition(position), tenant: TenantNumber(tenant), acceptedAt: 1_700_000_000_000,
            bytes: bytes,
            record: record)
    }

    /// The bytes of an event record without its own length.
    package static func recordBytes(
        id: EventID, tenant: String = "tenant-1", type: String = "task.completed", occurredAt: Int64 = 0,
        deliverAt: Int64 = 0, correlationID: String = "", orderingKey: String = "", contentType: String = "",
        attributes: [(name: String, value: String)] = [], payload: [UInt8] = Array("{}".utf8)
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        func number(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }
        func text(_ text: String) {
            number(UInt16(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        number(id.high)
        number(id.low)
        number(occurredAt)
        number(deliverAt)
        for field in [tenant, type, correlationID, orderingKey, contentType] { text(field) }
        number(UInt16(attributes.count))
        for attribute in attributes {
            text(attribute.name)
            text(attribute.value)
        }
        number(UInt32(payload.count))
        return bytes + payload
    }
}
