import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The admin port: HTTP with JSON, on other event loops than the data port's, so that no fault can block it.
struct AdminPort {
    let port: Int
    private let services: ServiceGroup
    private let running: Task<Void, Never>

    /// How long requests in progress may take to end when the port closes.
    private static let grace = Duration.seconds(2)

    /// Returns once the port listens.
    static func start(host: String, port: Int, control: ReceiverControl, dataPort: Int, tlsPort: Int?) async throws
        -> AdminPort
    {
        // Errors are reported in answers; standard error belongs to the command.
        let silent = Logger(label: "mock-receiver.admin") { _ in SwiftLogNoOpLogHandler() }
        let (ports, started) = AsyncThrowingStream<Int, any Error>.makeStream()
        let application = Application(
            router: AdminRoutes(control: control, dataPort: dataPort, tlsPort: tlsPort).router(),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in started.yield(channel.localAddress?.port ?? port) },
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), logger: silent)
        let services = ServiceGroup(services: [application], logger: silent)
        let running = Task {
            do {
                try await services.run()
                started.finish()
            } catch {
                started.finish(throwing: error)
            }
        }
        do {
            for try await port in ports { return AdminPort(port: port, services: services, running: running) }
            throw ChannelError.alreadyClosed
        } catch {
            throw ListenError(.admin, host: host, port: port, error)
        }
    }

    /// Accepts no more connections, lets requests finish, and closes the rest after the grace time.
    ///
    /// Cancelling at once is not possible: the server traps on a connection that is accepted but not yet served.
    func stop() async {
        await services.triggerGracefulShutdown()
        let impatience = Task {
            try await Task.sleep(for: AdminPort.grace)
            running.cancel()
        }
        await running.value
        impatience.cancel()
    }
}
