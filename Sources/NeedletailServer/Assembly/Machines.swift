import Access
import DurableQueue
import Glibc
import Ingest
import Logging
import Sender
import Store
import WebhookModel
import WebhookSigning

/// The rooms with threads, and their connections to each other. Nothing else connects them.
final class Machines: Sendable {
    let queue: QueueWriterThread
    let senders: [SenderThread]
    let ingest: IngestServer
    let access: AccessControl
    let directory: DataDirectory
    /// The ports of our own listeners, which no delivery may go to.
    private let ownPorts = OwnPorts()

    static var curlVersion: String { CurlLibrary.version }

    /// - Parameter keys: nil: secrets are stored as they are.
    init(configuration: ServerConfiguration, keys: KeyRing?, logger: Logger) throws {
        let migration = MigrationOptions { progress in
            logger.notice(
                "the data directory is brought to the present format",
                metadata: ["step": "\(progress.name)", "rows": "\(progress.rows)", "of": "\(progress.of)"])
        }
        let directory = try DataDirectory(
            path: configuration.dataDirectory, mapBytes: configuration.queue.mapBytes, migration: migration)
        let senderConfiguration = try SenderConfiguration(configuration, ownPorts: ownPorts)
        let resolver = ResolverPool()
        let senders = (0..<configuration.senderThreads).map { index in
            SenderThread(index: index, configuration: senderConfiguration, resolver: resolver, logger: logger)
        }
        let queue = try QueueWriterThread(
            directory: directory, configuration: QueueConfiguration(configuration, seal: keys?.secretSeal),
            senders: senders.map { sender in DispatchPort { sender.offer($0) } }, logger: logger
        ) { reason in
            // A commit in doubt must not be answered, so the process ends here without a shutdown.
            logger.critical("needletail stops", metadata: ["reason": "\(reason)"])
            _exit(70)
        }
        self.queue = queue
        self.senders = senders
        self.directory = directory
        let access = AccessControl { queue.tenantDirectory }
        self.access = access
        ingest = IngestServer(
            configuration: IngestConfiguration(configuration), access: access, intake: queue.intake, logger: logger)
    }

    /// Opens the listeners, and then starts the senders. In this order: the first delivery is not sent before the
    /// address guard knows every port of ours, also those that the system chose.
    ///
    /// - Parameter apiPort: the bound port of the management API; nil: it is not served.
    /// - Returns: the bound ingest port; 0 when it listens on a Unix socket only.
    func open(apiPort: Int?) async throws(IngestStartError) -> Int {
        let port = try await ingest.start()
        if let apiPort { ownPorts.add(UInt16(apiPort)) }
        if port > 0 { ownPorts.add(UInt16(port)) }
        let reports = ReportPort(queue.report, takeBack: queue.takeBack)
        for sender in senders { sender.start(reports: reports) }
        return port
    }
}

extension ServerConfiguration {
    /// Sender threads, the choice of 0 resolved.
    var senderThreads: Int {
        sender.threads > 0 ? sender.threads : min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), 8)
    }
}

extension QueueConfiguration {
    init(_ configuration: ServerConfiguration, seal: SecretSeal?) {
        let section = configuration.queue
        self.init(
            diskReserveBytes: Int64(section.diskReserveBytes), retention: section.retentionMilliseconds,
            deadLetterRetention: section.deadLetterMilliseconds, seal: seal)
        tenantBacklog = section.tenantBacklog
        removedHold = section.removedHoldMilliseconds
        retry = configuration.retry.policy
        retriesPerSecond = configuration.retry.tenantRate
    }
}

extension SenderConfiguration {
    init(_ configuration: ServerConfiguration, ownPorts: OwnPorts) throws {
        let shares = DescriptorShares(
            of: DescriptorLimit.descriptors, senders: configuration.senderThreads,
            transfers: configuration.sender.transfersPerThread, kept: Limits.keptConnections)
        self.init(
            transfers: shares.transfers, keptConnections: shares.kept,
            connectMilliseconds: configuration.sender.connectMilliseconds,
            breakerOpenMilliseconds: configuration.sender.breakerOpenMilliseconds,
            allowHTTP: configuration.sender.allowHTTP,
            addressGuard: try AddressGuard(
                allow: configuration.sender.allowNetworks, deny: configuration.sender.denyNetworks,
                machine: MachineAddresses.all(), ownPorts: ownPorts),
            version: ServerVersion.text, authoritiesFile: configuration.sender.authoritiesFile,
            proxy: try configuration.sender.egressProxy())
    }
}

extension IngestConfiguration {
    init(_ configuration: ServerConfiguration) {
        self.init()
        let section = configuration.ingest
        host = section.host
        port = section.port
        threads = section.threads
        allowsPlaintextBeyondLoopback = section.allowPlaintext
        listensOnTCP = section.tcp
        tls = section.tls.settings
        unixSocket = section.unixSocket
        unixSocketMode = section.unixSocketMode
        frameBytes = section.frameBytes
        payloadBytes = section.payloadBytes
        eventsPerFrame = section.eventsPerFrame
        windowEvents = section.windowEvents
        windowBytes = section.windowBytes
        idleMilliseconds = section.idleMilliseconds
        dedupWindowMilliseconds = configuration.queue.retentionMilliseconds
        serverVersion = ServerVersion.text
        connections = section.connections
        unauthenticatedConnections = section.unauthenticatedConnections
        unauthenticatedConnectionsPerAddress = section.unauthenticatedConnectionsPerAddress
        helloMilliseconds = section.helloMilliseconds
    }
}
