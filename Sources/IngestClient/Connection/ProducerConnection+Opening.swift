import Glibc
public import NIOCore
import NIOPosix

extension ProducerConnection {
    /// Connects, negotiates TLS if the settings ask for it, sends HELLO and waits for WELCOME.
    ///
    /// - Parameters:
    ///   - owner: retained until the connection ends; not called for failures before WELCOME.
    ///   - eventLoop: of a `MultiThreadedEventLoopGroup`; the connection lives on it.
    /// - Returns: fails with an `IngestError`.
    public static func connect(
        _ settings: ConnectionSettings, owner: any ProducerConnectionOwner, on eventLoop: any EventLoop
    ) -> EventLoopFuture<ProducerConnection> {
        let tls: TLSSettings.Agreement?
        do throws(IngestError) {
            tls = try settings.tls?.agreement(with: settings.server)
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        let opened = eventLoop.makePromise(of: ProducerConnection.self)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(.milliseconds(settings.connectMilliseconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
                    let connection = ProducerConnection(
                        channel: channel, settings: settings, owner: owner, opened: opened)
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(connection))
                }
            }
        let connected =
            switch settings.server {
            case .tcp(let host, let port):
                bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        connected.whenFailure { error in
            opened.fail(IngestError.unreachable(address: settings.address, reason: reason(of: error)))
        }
        return opened.futureResult
    }

    /// The cause as text, without NIO's wrapping.
    static func reason(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let attempt = error.connectionErrors.first { return reason(of: attempt.error) }
            return "the name does not resolve"
        case let error as IOError: return String(cString: strerror(error.errnoCode)).lowercased()
        case let error as ChannelError: return "\(error)"
        default: return "\(error)"
        }
    }
}
