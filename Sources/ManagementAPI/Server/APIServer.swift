import Glibc
import Hummingbird
import HummingbirdCore
public import Logging
public import Management
import NIOCore
import NIOPosix
import ServiceLifecycle
import WebhookModel

/// The listener of the management API, on event loops of its own: no request delays an event of the binary port.
public struct APIServer: Sendable {
    /// The bound port.
    public let port: Int
    private let services: ServiceGroup
    private let running: Task<Void, Never>
    private let loops: MultiThreadedEventLoopGroup

    /// Returns once the port listens.
    public static func start(
        _ configuration: APIConfiguration, desk: ManagementDesk, logger: Logger
    ) async throws(APIStartError) -> APIServer {
        // What clients do wrong is told to them; a flood of it must not fill the log.
        let silent = Logger(label: "needletail.api") { _ in SwiftLogNoOpLogHandler() }
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: Limits.apiThreads)
        let (ports, started) = AsyncThrowingStream<Int, any Error>.makeStream()
        let application = Application(
            responder: APIResponder(desk: desk, configuration: configuration),
            server: .http1(
                configuration: .init(
                    idleTimeout: .milliseconds(configuration.idleMilliseconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Limits.apiHeaderBytes, maxHeaderListSize: Limits.apiHeaderBytes,
                        maxHeaderFieldCount: Limits.apiHeaders))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "needletail",
                backlog: Limits.apiBacklog,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.connections)),
            onServerRunning: { channel in started.yield(channel.localAddress?.port ?? configuration.port) },
            eventLoopGroupProvider: .shared(loops), logger: silent)
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
            for try await port in ports {
                return APIServer(port: port, services: services, running: running, loops: loops)
            }
            throw ChannelError.alreadyClosed
        } catch {
            try? await loops.shutdownGracefully()
            throw APIStartError(description: text(configuration, error))
        }
    }

    /// Accepts no more connections, lets requests in progress end, and closes the rest after
    /// `Limits.apiStopMilliseconds`.
    public func stop() async {
        await services.triggerGracefulShutdown()
        let impatience = Task {
            try await Task.sleep(for: .milliseconds(Limits.apiStopMilliseconds))
            running.cancel()
        }
        await running.value
        impatience.cancel()
        try? await loops.shutdownGracefully()
    }

    private static func text(_ configuration: APIConfiguration, _ error: any Error) -> String {
        let host = configuration.host
        let place = host.contains(":") ? "[\(host)]:\(configuration.port)" : "\(host):\(configuration.port)"
        guard let code = (error as? IOError)?.errnoCode else {
            return "the management API cannot listen on \(place): \(error); choose --api-host and --api-port"
        }
        return switch code {
        case EADDRINUSE: "\(place) is in use by another process; stop it, choose --api-port, or give --no-api"
        case EADDRNOTAVAIL: "\(place): this machine does not have the address; choose one of its own (--api-host)"
        case EACCES: "\(place): this user may not listen on the port; choose --api-port above 1023"
        default: "\(place): \(String(cString: strerror(code))); choose --api-host and --api-port"
        }
    }
}
