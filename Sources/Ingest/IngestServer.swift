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
    private let listeners: IngestListeners
    private let tls = NIOLockedValueBox<TLSPort?>(nil)

    /// - Parameters:
    ///   - authenticate: called on an event loop with the key of each HELLO, and the client's certificate.
    ///   - tenants: the current snapshot, asked for once per read. A key that vanishes from it closes its
    ///     connections.
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
        let rules = SessionRules(configuration: configuration, authenticate: authenticate)
        loops = group.makeIterator().map { eventLoop in
            IngestLoop(
                eventLoop: eventLoop, rules: rules, tenants: tenants, intake: intake, admission: admission,
                logger: logger)
        }
        listeners = IngestListeners(configuration: configuration, group: group, loops: loops, admission: admission)
    }

    /// Binds and begins to accept.
    ///
    /// - Returns: the bound TCP port; 0 where only a Unix socket is listened on.
    public func start() async throws(IngestStartError) -> Int {
        if let contradiction = configuration.contradiction { throw .contradiction(contradiction) }
        let tls = try loadTLS()
        var port = 0
        do throws(IngestStartError) {
            if configuration.listensOnTCP { port = try await listeners.openTCP(tls: tls) }
            if let path = configuration.unixSocket { try await listeners.openUnixSocket(path) }
        } catch {
            await listeners.close()
            throw error
        }
        for loop in loops { loop.eventLoop.execute { loop.start() } }
        return port
    }

    // MARK: TLS

    private func loadTLS() throws(IngestStartError) -> TLSPort? {
        guard configuration.listensOnTCP, let settings = configuration.tls else { return nil }
        let port: TLSPort
        do throws(TLSFileError) {
            port = try TLSPort(settings)
        } catch {
            throw .tls(error)
        }
        tls.withLockedValue { $0 = port }
        logger.info(
            "ingest: TLS", metadata: ["certificate": "\(settings.certificateFile)", "until": "\(port.context.endDate)"])
        port.checkExpiry(logger)
        loops[0].eventLoop.scheduleRepeatedTask(initialDelay: .hours(24), delay: .hours(24)) { [logger] _ in
            port.checkExpiry(logger)
        }
        return port
    }

    /// Reads certificate, key and client authorities again. Connections that stand go on with what they have; new ones get
    /// the new. Blocks for the reading.
    ///
    /// - Throws: what is wrong with a file; then nothing has changed.
    /// - Returns: the certificate's last day; nil where there is no TLS.
    public func reloadCertificates() throws(TLSFileError) -> String? {
        guard let port = tls.withLockedValue({ $0 }) else { return nil }
        try port.reload()
        port.checkExpiry(logger)
        return port.context.endDate
    }

    /// The sums of all loops.
    public var counters: IngestCounters { loops.reduce(into: IngestCounters()) { $0 += $1.counters } }

    /// Stops accepting and says GOAWAY to everybody. Every PUBLISH from now on is answered DRAINING; everything taken
    /// before is answered as the queue decides; then each connection is closed, after the grace at the latest. A
    /// second call does nothing.
    public func beginDraining(graceMilliseconds: Int64) async {
        await listeners.close()
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
}
