import ManagementAPI
import ServiceLifecycle

/// The management API. It stops after ingest and the senders, so that `/health/ready` says "stopping" while they drain,
/// and before the writer, which answers its commands. Events are refused meanwhile.
struct APIService: Service {
    let server: APIServer

    func run() async throws {
        // A start that fails cancels; the listener must be closed then too.
        try? await gracefulShutdown()
        await server.stop()
    }
}
