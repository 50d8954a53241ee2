/// Routes: attempts as they end.
enum AttemptStreamRoutes {
    static let table: [Route] = []
}
