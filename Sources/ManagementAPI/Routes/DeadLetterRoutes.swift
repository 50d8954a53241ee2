import Access
import Management
import WebhookModel

/// Routes: dead letters.
enum DeadLetterRoutes {
    static let table: [Route] = [
        Route(
            method: .get, pattern: "/api/v1/dead-letters", admission: .key(.readDeliveries),
            operation: "listDeadLetters", summary: "Deliveries that used all their attempts.",
            parameters: [
                .query("tenant", "Of this tenant only, by name."),
                .query("webhook", "Of this webhook only: its id, or its name."),
                .query("type", "An event type, or a prefix as order.*"), HistoryFilter.outcome,
                .query("since", "Dead since this time or later, as 2027-01-31T12:00:00Z.", .time),
                .query("until", "Dead before this time.", .time),
            ] + Parameter.paging,
            response: .list(DeadLetterShape.shape, DeadLetterShape.example, "A page of dead letters."),
            problems: [.notFound, .invalidParameter], handle: list),
        Route(
            method: .post, pattern: "/api/v1/dead-letters/redeliver", admission: .key(.writeDeliveries),
            operation: "redeliverDeadLetters",
            summary: "Schedule dead letters again. The answer comes when all are durable.",
            parameters: [
                Parameter.query("dry_run", "true: only count what would be scheduled.", Shape.truth)
            ],
            request: RequestShape(shape: DeadLetterDocument.shape, example: DeadLetterDocument.example),
            response: ResponseShape(
                status: 200, meaning: "What was scheduled, or would be.", shape: count, example: countExample),
            problems: [.notFound, .invalidParameter, .stopping], handle: redeliver),
    ]

    private static let count = Shape.object(
        "DeadLetterCount",
        [
            Shape.Field("dry_run", .truth, "Nothing was scheduled."),
            Shape.Field("deliveries", .integer(), "Dead letters that are scheduled again, or would be."),
            Shape.Field("without_webhook", .integer(), "Left as they are: their webhook was removed."),
            Shape.Field(
                "is_cut_off", .truth,
                "A dry run stopped counting after \(Limits.countedDeadLetters) dead letters: there may be more."),
        ])
    private static let countExample: JSON = [
        "dry_run": true, "deliveries": 3, "without_webhook": 0, "is_cut_off": false,
    ]

    @Sendable private static func list(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        var choice = DeadLetterChoice()
        choice.tenant = exchange.query["tenant"]
        choice.webhook = exchange.query["webhook"]
        choice.types = try exchange.types("type")?.patterns ?? []
        choice.outcomes = try exchange.outcomes("outcome")
        choice.since = try exchange.time("since")
        choice.until = try exchange.time("until")
        let page = try exchange.desk.deadLetters(choice, exchange.listRequest, for: exchange.caller)
        return .list(page) { DeadLetterShape.json($0) }
    }

    @Sendable private static func redeliver(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let choice = try exchange.settings(DeadLetterDocument.read)
        let isDryRun = try exchange.truth("dry_run") ?? false
        let count =
            isDryRun
            ? try exchange.desk.countDeadLetters(choice, for: exchange.caller)
            : try await exchange.desk.redeliver(choice, for: exchange.caller)
        return .json([
            "dry_run": .bool(isDryRun), "deliveries": .integer(count.deliveries),
            "without_webhook": .integer(count.withoutWebhook), "is_cut_off": .bool(count.isCutOff),
        ])
    }
}
