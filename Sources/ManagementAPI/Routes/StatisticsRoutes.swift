/// Routes: statistics.
enum StatisticsRoutes {
    static let table: [Route] = []
}
