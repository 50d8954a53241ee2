/// Routes: validation without storing.
enum ValidateRoutes {
    static let table: [Route] = []
}
