/// Routes: the diagnosis of a signature.
enum VerifyRoutes {
    static let table: [Route] = []
}
