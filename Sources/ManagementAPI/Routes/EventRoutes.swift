import Access
import Management
import Store
import WebhookModel

/// Routes: stored events.
enum EventRoutes {
    static let table: [Route] = [
        Route(
            method: .get, pattern: "/api/v1/events", admission: .key(.readEvents), operation: "listEvents",
            summary: "Stored events, without their payloads.",
            parameters: [
                .query("tenant", "Of this tenant only, by name."),
                .query("type", "An event type, or a prefix as order.*"),
                .query("correlation_id", "With this correlation id."), HistoryFilter.since, HistoryFilter.until,
            ] + Parameter.paging,
            response: .list(EventShape.shape, EventShape.example, "A page of events."),
            problems: [.notFound, .invalidParameter], handle: list),
        Route(
            method: .get, pattern: "/api/v1/events/{event}", admission: .key(.readEvents), operation: "getEvent",
            summary: "One event with its payload.",
            parameters: [
                .path("event", "The event's id."),
                .query("tenant", "Of this tenant, by name; without it the newest event of the id."),
            ],
            response: ResponseShape(
                status: 200, meaning: "The event.", shape: EventShape.detail, example: EventShape.detailExample),
            problems: [.notFound], handle: get),
        Route(
            method: .get, pattern: "/api/v1/events/{event}/deliveries", admission: .key(.readDeliveries),
            operation: "listDeliveriesOfEvent",
            summary: "The deliveries of an event: one for each webhook that gets it.",
            parameters: [
                .path("event", "The event's id."),
                .query("tenant", "Of this tenant, by name; without it the newest event of the id."),
            ] + Parameter.paging,
            response: .list(DeliveryShape.shape, DeliveryShape.example, "A page of deliveries."),
            problems: [.notFound], handle: deliveries),
    ]

    @Sendable private static func list(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        var query = EventQuery(since: try exchange.time("since"), until: try exchange.time("until"))
        query.types = try exchange.types("type")
        query.correlationID = exchange.query["correlation_id"]
        let page = try exchange.desk.events(
            query, of: exchange.query["tenant"], exchange.listRequest, for: exchange.caller)
        return .list(page) { EventShape.json($0) }
    }

    @Sendable private static func get(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let id = exchange.part("event")
        let event = try exchange.desk.event(id, of: exchange.query["tenant"], for: exchange.caller)
        return .json(EventShape.detail(event, id: id))
    }

    @Sendable private static func deliveries(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let page = try exchange.desk.deliveries(
            ofEvent: exchange.part("event"), of: exchange.query["tenant"], exchange.listRequest, for: exchange.caller)
        return .list(page) { DeliveryShape.json($0) }
    }
}
