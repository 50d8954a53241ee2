/// Routes: event types.
enum EventTypeRoutes {
    static let table: [Route] = []
}
