import IngestClient
import NIOCore

extension Generator {
    /// Opens the plan's connections, one after the other, and attaches them.
    ///
    /// - Returns: what the server announced.
    /// - Throws: `IngestError`, or a `LoadTestError` for a plan without connections.
    func connect(_ plan: RunPlan) async throws -> ServerTerms {
        var terms: ServerTerms?
        for _ in 0..<plan.connections {
            let connected = ProducerConnection.connect(plan.server, owner: self, on: eventLoop)
                .map { connection -> ServerTerms in
                    self.attach(connection)
                    return ServerTerms(connection.welcome)
                }
            terms = try await connected.get()
        }
        guard let terms else { throw LoadTestError("--connections: invalid value \"0\"; expected 1 or more") }
        return terms
    }
}
