/// Routes: stored events.
enum EventRoutes {
    static let table: [Route] = []
}
