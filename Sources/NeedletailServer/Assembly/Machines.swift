import Access
import DurableQueue
import Glibc
import Ingest
import Logging
import Sender
import Store
import Telemetry
import Threading
import WebhookModel
import WebhookSigning

/// The rooms with threads, joined: here their mailboxes meet, and nowhere else.
final class Machines: Sendable {
    let queue: QueueWriterThread
    let senders: [SenderThread]
    let ingest: IngestServer
    let board = StatsBoard()

    static var curlVersion: String { CurlLibrary.version }

    /// - Parameter keys: nil: secrets are stored as they are.
    init(configuration: ServerConfiguration, keys: KeyRing?, logger: Logger) throws {
        let directory = try DataDirectory(path: configuration.dataDirectory, mapBytes: configuration.queue.mapBytes)
        // Senders exist before the queue that they report to: they have nothing to report until it hands them something.
        let reports = ReportRelay()
        let senderConfiguration = try SenderConfiguration(configuration)
        let resolver = ResolverPool()
        let senders = (0..<configuration.senderThreads).map { index in
            SenderThread(
                index: index, configuration: senderConfiguration, resolver: resolver,
                reports: ReportPort(reports.take, takeBack: reports.takeBack),
                logger: logger)
        }
        let queue = try QueueWriterThread(
            directory: directory, configuration: QueueConfiguration(configuration, seal: keys?.secretSeal),
            senders: senders.map { sender in DispatchPort { sender.offer($0) } }, logger: logger
        ) { reason in
            // What is in doubt must not be answered: end here, without the usual farewells.
            logger.critical("needletail stops", metadata: ["reason": "\(reason)"])
            _exit(70)
        }
        reports.join(queue)
        self.queue = queue
        self.senders = senders
        let access = AccessControl { queue.tenantDirectory }
        ingest = IngestServer(
            configuration: IngestConfiguration(configuration), access: access, intake: queue.intake, logger: logger)
    }
}

/// Carries reports from the senders to the queue that is made after them.
private final class ReportRelay: Sendable {
    private let queue = Locked<QueueWriterThread?>(nil)

    func join(_ queue: QueueWriterThread) { self.queue.withLock { $0 = queue } }

    @Sendable func takeBack(_ deliveries: [ReturnedDelivery]) { queue.withLock(\.self)?.takeBack(deliveries) }

    @Sendable func take(_ reports: [AttemptReport]) { queue.withLock(\.self)?.report(reports) }
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
        retry = configuration.retry.policy
        retriesPerSecond = configuration.retry.tenantRate
    }
}

extension SenderConfiguration {
    init(_ configuration: ServerConfiguration) throws {
        let ownPorts: Set<UInt16> = configuration.ingest.port > 0 ? [UInt16(configuration.ingest.port)] : []
        self.init(
            transfers: configuration.sender.transfersPerThread,
            keptConnections: DescriptorLimit.keptConnections(Limits.keptConnections) / configuration.senderThreads,
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
