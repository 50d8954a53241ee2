import WebhookModel

/// What a server says in `Keep-Alive` about its side of a connection: `timeout=5, max=100` (RFC 2068, 19.7.1.1). No
/// present standard has the field, but common servers send it.
package struct KeepAlive: Equatable, Sendable {
    /// Seconds without a request after which the server closes the connection; nil: it did not say.
    package private(set) var seconds: Int?
    /// Requests that the server still takes on the connection; nil: it did not say.
    package private(set) var requests: Int?

    package init() {}

    /// Whether one more request may be sent. With a second or less a request would often meet the end of the connection.
    package var allowsAnother: Bool { idleMilliseconds ?? .max > 0 && requests ?? .max > 0 }

    /// How long the connection may be idle before its next request: less than the server said, because the request has
    /// to arrive before it closes. Nil: it did not say.
    package var idleMilliseconds: Int64? {
        // More seconds than a connection lives milliseconds make no difference.
        seconds.map { min(Int64($0), Limits.connectionLifeMilliseconds) * 1_000 - Limits.keepAliveMarginMilliseconds }
    }

    /// Takes the value of a field. Of several numbers the smallest counts; what cannot be read is passed over.
    package mutating func take(_ value: UnsafeRawBufferPointer) {
        for part in value.split(whereSeparator: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }) {
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = UnsafeRawBufferPointer(rebasing: part[..<equals]).withoutSpaces
            guard let number = UnsafeRawBufferPointer(rebasing: part[(equals + 1)...]).withoutSpaces.decimal else {
                continue
            }
            if name.equalsIgnoringCase("timeout") { seconds = min(seconds ?? .max, number) }
            if name.equalsIgnoringCase("max") { requests = min(requests ?? .max, number) }
        }
    }
}
