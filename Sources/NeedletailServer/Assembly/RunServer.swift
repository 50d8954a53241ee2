import DurableQueue
import Glibc
public import Logging
import ServiceLifecycle
import UnixSignals
import WebhookSigning

/// Runs the server until SIGTERM or SIGINT, then drains in reverse order of the flow: ingest, senders, writer.
///
/// A second signal ends the process at once; what was acknowledged is durable by then, so nothing is lost by it.
///
/// - Throws: what keeps it from starting, in words: provisioning mistakes, an unusable data directory, a port in use.
public func runServer(configuration: ServerConfiguration, logger: Logger) async throws {
    // Until the service that reloads runs, the default would end the process; what is read now is fresh anyway.
    signal(SIGHUP, SIG_IGN)
    // Mistakes in the file must show before anything is opened.
    let provisioner = configuration.provisioningFile.map {
        Provisioner(file: $0, allowHTTP: configuration.sender.allowHTTP)
    }
    let plan = try provisioner?.load()
    let keys = try KeyRing(configuration, environment: ProcessEnvironment.variables)
    if keys == nil {
        logger.warning("secrets are stored unsealed; set secrets.master_key_file or NEEDLETAIL_MASTER_KEY")
    }
    DescriptorLimit.raise()
    let machines = try Machines(configuration: configuration, keys: keys, logger: logger)
    logger.info(
        "needletail starts",
        metadata: [
            "version": "\(ServerVersion.text)", "data": "\(configuration.dataDirectory)",
            "libcurl": "\(Machines.curlVersion)", "senders": "\(machines.senders.count)",
            "pending": "\(machines.queue.statistics.pending)",
        ])
    machines.queue.start()
    if let provisioner, let plan { try await provisioner.converge(machines.queue, to: plan, logger: logger) }
    // Order is that of dependence: shutdown goes through it backwards.
    let group = ServiceGroup(
        configuration: .init(
            services: [
                .init(service: QueueService(queue: machines.queue)),
                .init(service: SenderService(senders: machines.senders, grace: configuration.shutdownGrace)),
                .init(service: IngestService(machines: machines, configuration: configuration, logger: logger)),
                .init(service: StatsService(machines: machines, logger: logger)),
                .init(service: ReloadService(machines: machines, provisioner: provisioner, logger: logger)),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
    let statistics = machines.queue.statistics
    logger.info(
        "needletail ended",
        metadata: [
            "delivered": "\(statistics.delivered)", "retried": "\(statistics.retriesScheduled)",
            "dead": "\(statistics.deadLettered)", "pending": "\(statistics.pending)",
        ])
}
