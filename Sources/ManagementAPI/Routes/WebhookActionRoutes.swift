/// Routes: what can be done with a webhook: enable, pause, test, rotate.
enum WebhookActionRoutes {
    static let table: [Route] = []
}
