/// Routes: API keys.
enum KeyRoutes {
    static let table: [Route] = []
}
