import Access
import Management
import Store

/// Routes: webhooks.
enum WebhookRoutes {
    static let table: [Route] = [
        Route(
            method: .get, pattern: "/api/v1/webhooks", admission: .key(.readWebhooks), operation: "listWebhooks",
            summary: "Webhooks of the tenants that the API key is for.",
            parameters: [.query("tenant", "Of this tenant only, by name.")] + Parameter.paging,
            response: .list(WebhookShape.shape, WebhookShape.example, "A page of webhooks."), problems: [.notFound],
            handle: list),
        Route(
            method: .get, pattern: "/api/v1/webhooks/{webhook}", admission: .key(.readWebhooks),
            operation: "getWebhook", summary: "One webhook.", parameters: [.path("webhook", "The webhook's id.")],
            response: .row(WebhookShape.shape, WebhookShape.example, "The webhook."), problems: [.notFound],
            handle: get),
    ]

    @Sendable private static func list(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let page = try exchange.desk.webhooks(
            of: exchange.query["tenant"], exchange.listRequest, for: exchange.caller)
        return .list(page) { WebhookShape.json($0) }
    }

    @Sendable private static func get(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let webhook = try exchange.desk.webhook(exchange.part("webhook"), for: exchange.caller)
        return .json(WebhookShape.json(webhook), revision: webhook.row.revision)
    }
}
