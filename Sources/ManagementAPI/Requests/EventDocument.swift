import Management
import Settings
import WebhookModel
import WebhookSigning

/// An event as a client writes it. The payload keeps its bytes.
enum EventDocument {
    static let shape = Shape.object(
        "NewEvent",
        [
            Shape.Field("tenant", .text, "The name of a tenant."),
            Shape.Field("type", .text, "The event type: 1 to 128 of A-Z a-z 0-9 _ . -"),
            Shape.Field("payload", .any, "Any JSON value. It is delivered byte for byte."),
            Shape.Field(
                "id", .text, "evt_ and 32 hex digits, or a UUID; without it the server chooses one.", isRequired: false),
            Shape.Field("ordering_key", .text, "Events with the same key are delivered in order.", isRequired: false),
            Shape.Field("correlation_id", .text, "Passed on, and found again in lists.", isRequired: false),
            Shape.Field("content_type", .text, "Of the payload; without it application/json.", isRequired: false),
            Shape.Field("attributes", .map(.text), "Passed on in the envelope.", isRequired: false),
            Shape.Field("occurred_at", .time, "When it happened; without it when it was received.", isRequired: false),
            Shape.Field("deliver_at", .time, "Not before this time; without it at once.", isRequired: false),
        ])

    static let example: JSON = ["tenant": "acme", "type": "order.placed", "payload": ["total": 42]]

    private static let names = [
        "tenant", "type", "payload", "id", "ordering_key", "correlation_id", "content_type", "attributes",
        "occurred_at", "deliver_at",
    ]

    /// - Parameters:
    ///   - bytes: one JSON object.
    ///   - now: Unix milliseconds, for a new id.
    static func read(_ bytes: ArraySlice<UInt8>, now: Int64) throws(ManagementError) -> NewEvent {
        let members = try members(of: bytes, "")
        var texts: [String: String] = [:]
        var payload: ArraySlice<UInt8>?
        var attributes: [(name: String, value: String)] = []
        for (name, value) in members {
            switch name {
            case "payload": payload = value
            case "attributes":
                for (name, value) in try self.members(of: value, "/attributes") {
                    attributes.append((name, try text(value, "/attributes/\(name)")))
                }
            case _ where names.contains(name): texts[name] = try text(value, "/\(name)")
            default:
                let hint = NearestName.hint(for: name, among: names)
                throw ManagementError(.invalid, "unknown field \(ClientText.quoted(name))\(hint)", field: "/\(name)")
            }
        }
        guard let payload else { throw missing("payload", "any JSON value") }
        guard let tenant = texts["tenant"] else { throw missing("tenant", "the name of a tenant") }
        guard let type = texts["type"] else { throw missing("type", "an event type, as order.placed") }
        var event = NewEvent(id: try id(texts["id"], now: now), tenant: tenant, type: type, payload: payload)
        event.orderingKey = texts["ordering_key"] ?? ""
        event.correlationID = texts["correlation_id"] ?? ""
        event.contentType = texts["content_type"] ?? ""
        event.attributes = attributes
        event.occurredAt = try time("occurred_at", texts)
        event.deliverAt = try time("deliver_at", texts)
        return event
    }

    private static func members(
        of bytes: ArraySlice<UInt8>, _ path: String
    ) throws(ManagementError) -> [(name: String, value: ArraySlice<UInt8>)] {
        let members: [(name: String, value: ArraySlice<UInt8>)]
        do throws(JSONScanner.Mistake) { members = try JSONScanner.members(of: bytes) } catch {
            throw ManagementError(.malformed, "\(error); expected a JSON object", field: path)
        }
        var seen: Set<String> = []
        for (name, _) in members where !seen.insert(name).inserted {
            throw ManagementError(
                .malformed, "the field \(ClientText.quoted(name)) is given twice; remove one", field: "\(path)/\(name)")
        }
        return members
    }

    private static func text(_ value: ArraySlice<UInt8>, _ path: String) throws(ManagementError) -> String {
        let text: String?
        do throws(JSONScanner.Mistake) { text = try JSONScanner.text(value) } catch {
            throw ManagementError(.malformed, "\(error.reason); expected Unicode text", field: path)
        }
        guard let text else { throw ManagementError(.invalid, "expected a text in quotes", field: path) }
        return text
    }

    private static func missing(_ name: String, _ expected: String) -> ManagementError {
        ManagementError(.invalid, "\(name) is missing; expected \(expected)", field: "/\(name)")
    }

    private static func time(_ name: String, _ texts: [String: String]) throws(ManagementError) -> Int64 {
        guard let text = texts[name] else { return 0 }
        guard let time = UTCTime.milliseconds(text) else {
            throw ManagementError(
                .invalid,
                "invalid value \(ClientText.quoted(text)) for \(name); expected a UTC time, as 2027-01-31T12:00:00Z",
                field: "/\(name)")
        }
        return time
    }

    private static func id(_ text: String?, now: Int64) throws(ManagementError) -> EventID {
        guard let text else { return fresh(now: now) }
        let digits = text.hasPrefix("evt_") ? Array(text.utf8) : Array("evt_".utf8) + text.utf8.filter { $0 != 0x2D }
        guard let id = EventID(webhookID: digits), !id.isZero else {
            throw ManagementError(
                .invalid, "invalid value \(ClientText.quoted(text)) for id; expected evt_ and 32 hex digits, or a UUID",
                field: "/id")
        }
        return id
    }

    /// UUID version 7 (RFC 9562, 5.7): ids that are nearly ascending are cheap to store.
    private static func fresh(now: Int64) -> EventID {
        let chance = SecureRandom.bytes(10).reduce(into: (high: 0 as UInt64, low: 0 as UInt64)) { halves, byte in
            halves = (halves.high << 8 | halves.low >> 56, halves.low << 8 | UInt64(byte))
        }
        let high = UInt64(bitPattern: now) << 16 | 0x7000 | chance.high & 0x0FFF
        return EventID(high: high, low: 0x8000_0000_0000_0000 | chance.low & 0x3FFF_FFFF_FFFF_FFFF)
    }
}
