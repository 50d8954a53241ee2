public import Access
public import Logging
import NIOCore
import NIOPosix
import Threading
public import WebhookModel

/// The ingest port: accepts producers' connections on its own event loops and offers their events to the queue.
///
/// Order of calls: `start`, then `beginDraining` (optional), then `shutdown`. The queue must take and answer batches until
/// `shutdown` returns.
public final class IngestServer: Sendable {
    private let configuration: IngestConfiguration
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let loops: [IngestLoop]
    private let listeners: IngestListeners
    private let tls = Locked<TLSPort?>(nil)

    /// - Parameters:
    ///   - access: asked at each HELLO, and for the current tenants and keys at each read. A key that is removed from them
    ///     closes its connections.
    ///   - intake: the input of the queue.
    public init(configuration: IngestConfiguration, access: AccessControl, intake: IntakePort, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        let threads = configuration.threads > 0 ? configuration.threads : max(1, System.coreCount / 4)
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let admission = Admission(configuration)
        let rules = SessionRules(
            configuration: configuration, rates: access.rates, authenticate: access.authenticate)
        loops = group.makeIterator().map { eventLoop in
            IngestLoop(
                eventLoop: eventLoop, rules: rules, tenants: { access.directory }, intake: intake, admission: admission,
                logger: logger)
        }
        listeners = IngestListeners(
            configuration: configuration, group: group, loops: loops, admission: admission, logger: logger)
    }

    /// Binds and begins to accept.
    ///
    /// - Returns: the bound TCP port; 0 when it listens on a Unix socket only.
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

    /// Checks what can be checked without opening anything: the limits, and the TLS files. A start that must fail is so
    /// refused before it makes a store.
    ///
    /// - Throws: what `start` would throw.
    public static func check(_ configuration: IngestConfiguration) throws(IngestStartError) {
        if let contradiction = configuration.contradiction { throw .contradiction(contradiction) }
        guard configuration.listensOnTCP, let settings = configuration.tls else { return }
        do throws(TLSFileError) { _ = try TLSPort(settings) } catch { throw .tls(error) }
    }

    private func loadTLS() throws(IngestStartError) -> TLSPort? {
        guard configuration.listensOnTCP, let settings = configuration.tls else { return nil }
        let port: TLSPort
        do throws(TLSFileError) {
            port = try TLSPort(settings)
        } catch {
            throw .tls(error)
        }
        tls.withLock { $0 = port }
        logger.info(
            "ingest: TLS", metadata: ["certificate": "\(settings.certificateFile)", "until": "\(port.context.endDate)"])
        port.checkExpiry(logger)
        loops[0].eventLoop.scheduleRepeatedTask(initialDelay: .hours(24), delay: .hours(24)) { [logger] _ in
            port.checkExpiry(logger)
        }
        return port
    }

    /// Reads the certificate, its key and the client authorities again. New connections use them; open ones keep the old.
    /// Blocks while it reads.
    ///
    /// - Throws: what is wrong with a file; then nothing has changed.
    /// - Returns: the last day of the certificate; nil without TLS.
    public func reloadCertificates() throws(TLSFileError) -> String? {
        guard let port = tls.withLock({ $0 }) else { return nil }
        try port.reload()
        port.checkExpiry(logger)
        return port.context.endDate
    }

    /// The counts of all loops.
    public var counters: IngestCounters { loops.reduce(into: IngestCounters()) { $0 += $1.counters } }

    /// Stops accepting and sends GOAWAY on every connection. From now on each PUBLISH is answered DRAINING. What was taken
    /// before is answered as the queue decides. Then each connection is closed, after the grace at the latest. A second call
    /// does nothing.
    public func beginDraining(graceMilliseconds: Int64) async {
        await listeners.close()
        for loop in loops {
            try? await loop.eventLoop.submit { loop.beginDraining(graceMilliseconds: graceMilliseconds) }.get()
        }
    }

    /// Begins draining if `beginDraining` did not, waits until the last connection is answered and closed, and stops the event
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
            logger.error("ingest: the event loops did not stop: \(error)")
        }
    }
}
