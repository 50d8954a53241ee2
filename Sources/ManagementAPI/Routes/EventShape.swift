import Management
import Store
import WebhookModel

/// A stored event in answers.
package enum EventShape {
    private static let fields = [
        Shape.Field("id", .text, "The event's id: evt_ and 32 hex digits."),
        Shape.Field("tenant", .text, "The name of its tenant."),
        Shape.Field("type", Shape.text.orNull, "The event type; null: the stored record is damaged."),
        Shape.Field("accepted_at", Shape.time, "When it became durable."),
        Shape.Field("occurred_at", Shape.time.orNull, "When it happened, as its producer says."),
        Shape.Field("deliver_at", Shape.time.orNull, "The time before which it was not to be delivered."),
        Shape.Field("correlation_id", Shape.text.orNull, "As its producer gave it."),
        Shape.Field("ordering_key", Shape.text.orNull, "As its producer gave it."),
        Shape.Field("content_type", .text, "Of the payload."),
        Shape.Field("payload_bytes", .integer(), "The size of the payload."),
    ]

    package static let shape = Shape.object("Event", fields)

    /// One event, with what it carries.
    package static let detail = Shape.object(
        "EventDetail",
        fields + [
            Shape.Field("attributes", .map(.text), "As its producer gave them."),
            Shape.Field(
                "payload", .any,
                "The payload: JSON as it was published, byte for byte, where content_type says JSON; otherwise null."),
            Shape.Field(
                "payload_text", Shape.text.orNull,
                "A payload that is no JSON, as text; bytes that are no UTF-8 are replaced."),
        ])

    static let example: JSON = [
        "id": "evt_018f4e6a5b7c7d2e9f00112233445566", "tenant": "acme", "type": "order.placed",
        "accepted_at": "2026-01-31T12:00:00.000Z", "occurred_at": .null, "deliver_at": .null, "correlation_id": .null,
        "ordering_key": .null, "content_type": "application/json", "payload_bytes": 12,
    ]

    static let detailExample: JSON = {
        var json = example
        json.add("attributes", [:])
        json.add("payload", ["total": 42])
        json.add("payload_text", .null)
        return json
    }()

    static func json(_ view: StoredEventView, id: String? = nil) -> JSON {
        let stored = view.stored
        let event = stored.event
        func text(_ span: EventRecord.Span?) -> JSON {
            guard let event, let span, span.count > 0 else { return .null }
            return .text(event.text(span))
        }
        return [
            "id": .text(event?.id.webhookID ?? id ?? ""), "tenant": .text(view.tenant),
            "type": text(event?.record.type), "accepted_at": Timestamp.json(stored.acceptedAt),
            "occurred_at": Timestamp.json(event?.record.occurredAt ?? 0),
            "deliver_at": Timestamp.json(event?.record.deliverAt ?? 0),
            "correlation_id": text(event?.record.correlationID), "ordering_key": text(event?.record.orderingKey),
            "content_type": .text(event?.contentType ?? ""),
            "payload_bytes": .integer(Int(event?.record.payload.count ?? 0)),
        ]
    }

    /// - Parameter id: as it was asked for: a damaged record does not tell its own.
    static func detail(_ view: StoredEventView, id: String) -> JSON {
        var json = json(view, id: id)
        let event = view.stored.event
        json.add("attributes", .object(event?.attributes.map { JSON.Member($0.name, .text($0.value)) } ?? []))
        let payload = event.map { Array($0.bytes[$0.record.payload.range]) }
        let isJSON = event?.isJSON ?? false
        json.add("payload", isJSON ? .raw(payload ?? []) : .null)
        json.add("payload_text", isJSON ? .null : .optional(payload.map { String(decoding: $0, as: UTF8.self) }))
        return json
    }
}
