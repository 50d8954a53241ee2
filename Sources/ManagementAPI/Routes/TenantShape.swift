import Store
import WebhookModel

/// A tenant in answers. The shape and what fills it stand together; a test compares them.
package enum TenantShape {
    package static let shape = Shape.object(
        "Tenant",
        [
            Shape.Field("name", .text, "The name: 1 to 64 of A-Z a-z 0-9 _ . -"),
            Shape.Field("enabled", .truth, "Whether its events are taken and its deliveries sent."),
            Shape.Field("origin", .choice(["api", "provisioned"]), "Who made it: the API, or the provisioning file."),
            Shape.Field("revision", .integer(), "The version of the row, which is its ETag."),
            Shape.Field("created_at", Shape.time.orNull, "When it was made."),
            Shape.Field("updated_at", Shape.time.orNull, "When it was last changed."),
        ])

    static let example: JSON = [
        "name": "acme", "enabled": true, "origin": "api", "revision": 1,
        "created_at": "2026-01-31T12:00:00.000Z", "updated_at": "2026-01-31T12:00:00.000Z",
    ]

    static func json(_ row: Stored<Tenant>) -> JSON {
        [
            "name": .text(row.value.name), "enabled": .bool(row.value.enabled), "origin": .text(row.origin.word),
            "revision": .integer(Int64(clamping: row.revision)), "created_at": Timestamp.json(row.createdAt),
            "updated_at": Timestamp.json(row.updatedAt),
        ]
    }
}

extension Origin {
    /// In answers.
    var word: String {
        switch self {
        case .api: "api"
        case .provisioned: "provisioned"
        }
    }
}
