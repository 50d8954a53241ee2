import Access
import Management
import Threading
import WebhookModel

/// Routes: publishing events.
enum PublishRoutes {
    static let table: [Route] = [
        Route(
            method: .post, pattern: "/api/v1/events", admission: .key(.publish), operation: "publishEvents",
            summary: "Publish an event. The answer comes when it is durable.",
            request: RequestShape(
                shape: EventDocument.shape, example: EventDocument.example, most: Limits.apiEventBytes),
            response: ResponseShape(
                status: 202, meaning: "Durable, or known already.", shape: receipt, example: receiptExample),
            problems: [
                .forbidden, .conflict, .tenantDisabled, .unknownTenant, .unknownEventType, .tooLarge, .throttled,
                .overloaded, .storageFull, .stopping,
            ], handle: publish)
    ]

    private static let receipt = Shape.object(
        "EventReceipt",
        [
            Shape.Field("id", .text, "The event's id: evt_ and 32 hex digits."),
            Shape.Field(
                "result", .choice(["accepted", "accepted_no_match", "duplicate"]),
                "Stored; stored, and no webhook wants it; stored before with the same content."),
        ])

    private static let receiptExample: JSON = ["id": "evt_018f4e6a5b7c7d2e9f00112233445566", "result": "accepted"]

    @Sendable private static func publish(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let now = Instant.now()
        let event = try EventDocument.read(exchange.body[...], now: now.wallMilliseconds)
        let receipts = try await exchange.desk.publish([event], for: exchange.caller, now: now)
        if let refusal = receipts[0].refusal { throw refusal }
        return .json(["id": .text(receipts[0].id.webhookID), "result": .text(receipts[0].word)], status: 202)
    }
}
