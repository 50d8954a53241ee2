import Access
import Management
import Store
import WebhookModel

/// Routes: deliveries.
enum DeliveryRoutes {
    static let table: [Route] = [
        Route(
            method: .get, pattern: "/api/v1/deliveries", admission: .key(.readDeliveries), operation: "listDeliveries",
            summary: "Deliveries, those of the newest events first.",
            parameters: [
                .query("tenant", "Of this tenant only, by name."),
                .query("webhook", "Of this webhook only, by its id."),
            ] + filters + Parameter.paging,
            response: .list(DeliveryShape.shape, DeliveryShape.example, "A page of deliveries."),
            problems: [.notFound, .invalidParameter], handle: list),
        Route(
            method: .get, pattern: "/api/v1/webhooks/{webhook}/deliveries", admission: .key(.readDeliveries),
            operation: "listDeliveriesOfWebhook", summary: "Deliveries of a webhook, those of the newest events first.",
            parameters: [.path("webhook", "The webhook's id.")] + filters + Parameter.paging,
            response: .list(DeliveryShape.shape, DeliveryShape.example, "A page of deliveries."),
            problems: [.notFound, .invalidParameter], handle: list),
        Route(
            method: .get, pattern: "/api/v1/deliveries/{delivery}", admission: .key(.readDeliveries),
            operation: "getDelivery", summary: "One delivery.", parameters: [delivery], response: one("The delivery."),
            problems: [.notFound], handle: get),
        Route(
            method: .get, pattern: "/api/v1/deliveries/{delivery}/attempts", admission: .key(.readDeliveries),
            operation: "listAttemptsOfDelivery", summary: "The attempts of a delivery, the last one first.",
            parameters: [delivery] + Parameter.paging,
            response: .list(AttemptShape.shape, AttemptShape.example, "A page of attempts."), problems: [.notFound],
            handle: attempts),
        Route(
            method: .post, pattern: "/api/v1/deliveries/{delivery}/redeliver", admission: .key(.writeDeliveries),
            operation: "redeliver",
            summary: "Deliver a final delivery again, in a new round of its webhook's policy. Its webhook-id stays.",
            parameters: [delivery], response: one("Scheduled: the delivery as it is now."),
            problems: [.notFound, .conflict, .limitReached, .stopping], handle: redeliver),
        Route(
            method: .post, pattern: "/api/v1/deliveries/{delivery}/cancel", admission: .key(.writeDeliveries),
            operation: "cancelDelivery",
            summary: "Send a delivery no more. One that is being attempted cannot be taken back.",
            parameters: [delivery], response: one("Cancelled: the delivery as it is now."),
            problems: [.notFound, .conflict, .stopping], handle: cancel),
    ]

    private static let delivery = Parameter.path("delivery", "The delivery's id.")
    private static let filters: [Parameter] = [
        .query(
            "state", "In this state. failed means failing or dead.",
            .choice(DeliveryStateFilter.allCases.map(\.rawValue))),
        .query("event", "Of this event, by its id."), .query("type", "An event type, or a prefix as order.*"),
        .query("correlation_id", "Of events with this correlation id."),
        .query("ordering_key", "Of events with this ordering key."),
        .query(
            "status_class", "The status of the last answer.", .choice(StatusClass.allCases.map(\.rawValue))),
        HistoryFilter.outcome, HistoryFilter.since, HistoryFilter.until,
    ]

    private static func one(_ meaning: String) -> ResponseShape {
        ResponseShape(status: 200, meaning: meaning, shape: DeliveryShape.shape, example: DeliveryShape.example)
    }

    @Sendable private static func list(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        var query = DeliveryQuery()
        query.phases = try exchange.choice("state", DeliveryStateFilter.self)?.phases
        query.event = try exchange.eventID("event")
        query.types = try exchange.types("type")
        query.correlationID = exchange.query["correlation_id"]
        query.orderingKey = exchange.query["ordering_key"]
        query.status = try exchange.choice("status_class", StatusClass.self)?.range
        query.outcomes = try exchange.outcomes("outcome")
        query.since = try exchange.time("since")
        query.until = try exchange.time("until")
        let page = try exchange.desk.deliveries(
            query, of: exchange.query["tenant"], webhook: exchange.path["webhook"] ?? exchange.query["webhook"],
            exchange.listRequest, for: exchange.caller)
        return .list(page) { DeliveryShape.json($0) }
    }

    @Sendable private static func get(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        .json(DeliveryShape.json(try exchange.desk.delivery(exchange.part("delivery"), for: exchange.caller)))
    }

    @Sendable private static func attempts(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let page = try exchange.desk.attempts(
            of: exchange.part("delivery"), exchange.listRequest, for: exchange.caller)
        return .list(page) { AttemptShape.json($0) }
    }

    @Sendable private static func redeliver(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let delivery = try await exchange.desk.redeliver(exchange.part("delivery"), for: exchange.caller)
        return .json(DeliveryShape.json(delivery))
    }

    @Sendable private static func cancel(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let delivery = try await exchange.desk.cancel(exchange.part("delivery"), for: exchange.caller)
        return .json(DeliveryShape.json(delivery))
    }
}
