public import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
public import WebhookModel

/// The ingest port: accepts producers' connections on event loops of its own and feeds the queue.
///
/// Life: `start`, then `beginDraining` (may be left out), then `shutdown`. The queue must take and answer batches
/// until `shutdown` returns.
public final class IngestServer: Sendable {
    private let configuration: IngestConfiguration
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let loops: [IngestLoop]
    private let admission: Admission
    private let listener = NIOLockedValueBox<(any Channel)?>(nil)

    /// - Parameters:
    ///   - authenticate: called on an event loop with the key of each HELLO.
    ///   - tenants: the current snapshot, asked for once per read. A key that vanishes from it closes its connections.
    ///   - intake: the mouth of the queue.
    public init(
        configuration: IngestConfiguration, authenticate: @escaping Authenticator,
        tenants: @escaping @Sendable () -> TenantDirectory, intake: IntakePort, logger: Logger
    ) {
        self.configuration = configuration
        self.logger = logger
        let threads = configuration.threads > 0 ? configuration.threads : max(1, System.coreCount / 4)
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let admission = Admission(configuration)
        self.admission = admission
        let rules = SessionRules(configuration: configuration, authenticate: authenticate)
        loops = group.makeIterator().map { eventLoop in
            IngestLoop(
                eventLoop: eventLoop, rules: rules, tenants: tenants, intake: intake, admission: admission,
                logger: logger)
        }
    }

    /// Binds and begins to accept.
    ///
    /// - Returns: the bound port.
    public func start() async throws(IngestStartError) -> Int {
        if let contradiction = configuration.contradiction { throw .contradiction(contradiction) }
        let channel: any Channel
        do {
            let address = try SocketAddress.makeAddressResolvingHost(configuration.host, port: configuration.port)
            guard configuration.allowsPlaintextBeyondLoopback || address.isLoopback else {
                throw IngestStartError.plaintextBeyondLoopback(host: configuration.host)
            }
            channel = try await bootstrap().bind(to: address).get()
        } catch let error as IngestStartError {
            throw error
        } catch {
            throw .cannotBind(host: configuration.host, port: configuration.port, reason: "\(error)")
        }
        listener.withLockedValue { $0 = channel }
        for loop in loops { loop.eventLoop.execute { loop.start() } }
        return channel.localAddress?.port ?? configuration.port
    }

    /// The sums of all loops.
    public var counters: IngestCounters { loops.reduce(into: IngestCounters()) { $0 += $1.counters } }

    /// Stops accepting and says GOAWAY to everybody. Every PUBLISH from now on is answered DRAINING; everything taken
    /// before is answered as the queue decides; then each connection is closed, after the grace at the latest. A
    /// second call does nothing.
    public func beginDraining(graceMilliseconds: Int64) async {
        let channel = listener.withLockedValue { channel in
            defer { channel = nil }
            return channel
        }
        // An error here means that it is closed already.
        try? await channel?.close().get()
        for loop in loops {
            try? await loop.eventLoop.submit { loop.beginDraining(graceMilliseconds: graceMilliseconds) }.get()
        }
    }

    /// Drains if that was not begun, waits until the last connection has its answers and is gone, and ends the event
    /// loops.
    public func shutdown() async {
        await beginDraining(graceMilliseconds: configuration.drainMilliseconds)
        for loop in loops {
            try? await loop.eventLoop.flatSubmit { loop.empty() }.get()
            try? await loop.eventLoop.submit { loop.stop() }.get()
        }
        do {
            try await group.shutdownGracefully()
        } catch {
            logger.error("ingest: the event loops did not end: \(error)")
        }
    }

    private func bootstrap() -> ServerBootstrap {
        let byEventLoop = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
        let highWater = configuration.outputBytes
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(clamping: configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: highWater / 4, high: highWater))
            // One read a turn: a batch is sized by it once, and no second read is tried in vain.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [admission] channel in
                channel.eventLoop.makeCompletedFuture {
                    let address = channel.remoteAddress?.ipAddress ?? "unknown"
                    let loop = byEventLoop[ObjectIdentifier(channel.eventLoop)]!
                    try channel.syncOptions?.setOption(.recvAllocator, value: loop.readBuffer.allocator())
                    let connection = IngestConnection(
                        loop: loop, address: address, isAdmitted: admission.admit(address: address))
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
    }
}

/// Why the ingest port does not open: for the operator, with the mend.
public enum IngestStartError: Error, Equatable, Sendable, CustomStringConvertible {
    case cannotBind(host: String, port: Int, reason: String)
    case plaintextBeyondLoopback(host: String)
    case contradiction(String)

    public var description: String {
        switch self {
        case .cannotBind(let host, let port, let reason):
            "the ingest port cannot listen on \(host):\(port): \(reason); free the port or choose another (ingest.port)"
        case .plaintextBeyondLoopback(let host):
            """
            the ingest port would speak plaintext on \(host), which others can reach; listen on 127.0.0.1 or set \
            ingest.allow_plaintext
            """
        case .contradiction(let text):
            "the ingest limits contradict each other: \(text)"
        }
    }
}

extension SocketAddress {
    fileprivate var isLoopback: Bool {
        switch self {
        case .v4: ipAddress?.hasPrefix("127.") ?? false
        case .v6: ipAddress == "::1"
        case .unixDomainSocket: true
        }
    }
}
