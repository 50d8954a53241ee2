/// Routes: why an event was or was not sent.
enum ExplainRoutes {
    static let table: [Route] = []
}
