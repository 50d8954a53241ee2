/// Routes: dead letters.
enum DeadLetterRoutes {
    static let table: [Route] = []
}
