/// Routes: attempts.
enum AttemptRoutes {
    static let table: [Route] = []
}
