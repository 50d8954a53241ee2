import Management
import Settings
import Store
import WebhookModel

/// A webhook in answers. It has no secret: those are shown at creation, and with the scope `secret:reveal`.
package enum WebhookShape {
    package static let shape = Shape.object(
        "Webhook",
        [
            Shape.Field("id", .text, "The id: wh_ and 32 hex digits."),
            Shape.Field("tenant", .text, "The name of its tenant."),
            Shape.Field("name", .text, "The name, unique within the tenant."),
            Shape.Field("url", .text, "Where events are sent."),
            Shape.Field("events", .array(.text), "The event types that it gets: patterns, as order.*"),
            Shape.Field("signature", .text, "How messages are signed: a preset's name, or a scheme as it is written."),
            Shape.Field("status", .choice(Webhook.Status.allCases.map(\.rawValue)), "Whether it gets events now."),
            Shape.Field("enabled", .truth, "Whether it gets events that come from now on."),
            Shape.Field("paused", .truth, "Whether its deliveries wait."),
            Shape.Field("window", .integer(1...Limits.endpointWindowMost), "The most deliveries in flight."),
            Shape.Field("timeout", .text, "For the whole attempt, as 15s."),
            Shape.Field("origin", .choice(["api", "provisioned"]), "Who made it: the API, or the provisioning file."),
            Shape.Field("revision", .integer(), "The version of the row, which is its ETag."),
            Shape.Field("created_at", Shape.time.orNull, "When it was made."),
            Shape.Field("updated_at", Shape.time.orNull, "When it was last changed."),
        ])

    static let example: JSON = [
        "id": "wh_3b1f0c7e5d2a49868e11c0ffee123456", "tenant": "acme", "name": "orders",
        "url": "https://example.com/hook", "events": ["order.*"], "signature": "standard", "status": "active",
        "enabled": true, "paused": false, "window": 16, "timeout": "15s", "origin": "api", "revision": 1,
        "created_at": "2026-01-31T12:00:00.000Z", "updated_at": "2026-01-31T12:00:00.000Z",
    ]

    static func json(_ webhook: Webhook) -> JSON {
        let row = webhook.row
        let settings = row.value.settings
        return [
            "id": .text(webhook.id), "tenant": .text(webhook.tenant), "name": .text(row.value.name),
            "url": .text(settings.url), "events": .texts(settings.subscription.patterns.map(\.text)),
            "signature": .text(settings.scheme), "status": .text(webhook.status.rawValue),
            "enabled": .bool(settings.enabled), "paused": .bool(settings.paused), "window": .integer(settings.window),
            "timeout": .text(Quantity.text(milliseconds: settings.timeout)), "origin": .text(row.origin.word),
            "revision": .integer(Int64(clamping: row.revision)), "created_at": Timestamp.json(row.createdAt),
            "updated_at": Timestamp.json(row.updatedAt),
        ]
    }
}
