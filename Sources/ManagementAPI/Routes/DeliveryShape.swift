import Management
import Store
import WebhookModel

/// A delivery in answers.
package enum DeliveryShape {
    package static let shape = Shape.object(
        "Delivery",
        [
            Shape.Field("id", .text, "The id: dlv_ and 32 hex digits."),
            Shape.Field("tenant", .text, "The name of its tenant."),
            Shape.Field(
                "webhook", Shape.text.orNull, "The id of its webhook; null: nothing of the webhook is kept any more."),
            Shape.Field("webhook_name", Shape.text.orNull, "The name of its webhook."),
            Shape.Field("event", Shape.text.orNull, "The id of its event; null: the stored record is damaged."),
            Shape.Field("event_type", Shape.text.orNull, "The type of its event."),
            Shape.Field("correlation_id", Shape.text.orNull, "That of its event."),
            Shape.Field("ordering_key", Shape.text.orNull, "That of its event."),
            Shape.Field(
                "state", Shape.choice(DeliveryPhase.allCases.map(\.rawValue)).orNull,
                "pending: not tried yet, or to be delivered again; failing: the last attempt failed, and another one follows. null: the row is damaged."
            ),
            Shape.Field("attempts", .integer(0...Int(UInt16.max)), "Attempts that were made."),
            Shape.Field(
                "outcome", Shape.choice(HistoryFilter.outcomes).orNull,
                "How the last attempt ended, or why there was none."),
            Shape.Field("advice", Shape.text.orNull, "What the outcome means, and what helps."),
            Shape.Field("status", Shape.integer(100...999).orNull, "The status of the last answer."),
            Shape.Field("accepted_at", Shape.time, "When its event became durable."),
            Shape.Field(
                "next_attempt_at", Shape.time.orNull,
                "When it is due. It may go later: its webhook may be paused, or others are before it."),
            Shape.Field("finished_at", Shape.time.orNull, "When it became final."),
        ])

    static let example: JSON = [
        "id": "dlv_3b1f0c7e5d2a49868e11c0ffee123456", "tenant": "acme",
        "webhook": "wh_3b1f0c7e5d2a49868e11c0ffee123456",
        "webhook_name": "orders", "event": "evt_018f4e6a5b7c7d2e9f00112233445566", "event_type": "order.placed",
        "correlation_id": .null, "ordering_key": .null, "state": "failing", "attempts": 1, "outcome": "refusedStatus",
        "advice": .text(Outcome.refusedStatus.advice), "status": 500, "accepted_at": "2026-01-31T12:00:00.000Z",
        "next_attempt_at": "2026-01-31T12:00:05.000Z", "finished_at": .null,
    ]

    static func json(_ delivery: Delivery) -> JSON {
        let listed = delivery.listed
        let (row, event) = (listed.row, listed.event)
        func text(_ span: EventRecord.Span?) -> JSON {
            guard let event, let span, span.count > 0 else { return .null }
            return .text(event.text(span))
        }
        let outcome = row?.lastOutcome
        return [
            "id": .text(delivery.id), "tenant": .text(delivery.tenant), "webhook": .optional(delivery.webhook?.id),
            "webhook_name": .optional(delivery.webhook?.name), "event": .optional(event?.id.webhookID),
            "event_type": text(event?.record.type), "correlation_id": text(event?.record.correlationID),
            "ordering_key": text(event?.record.orderingKey), "state": .optional(row?.phase.rawValue),
            "attempts": .integer(Int(row?.attempts ?? 0)), "outcome": .optional(outcome?.name),
            "advice": .optional(outcome?.advice),
            "status": row.flatMap { $0.status > 0 ? .integer(Int($0.status)) : nil } ?? .null,
            "accepted_at": Timestamp.json(listed.acceptedAt),
            "next_attempt_at": Timestamp.json(row.flatMap { $0.state == .scheduled ? $0.dueAt : nil }),
            "finished_at": Timestamp.json(row?.finishedAt ?? 0),
        ]
    }
}
