import DurableQueue
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
    // Mistakes in the file must show before anything is opened.
    let plan = try configuration.provisioningFile.map { file throws(InputMistakes) in
        try ProvisioningPlan.load(
            file: file, environment: ProcessEnvironment.variables, allowHTTP: configuration.sender.allowHTTP)
    }
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
    if let plan {
        let changes = Convergence.changes(from: machines.queue.tenancy, to: plan)
        try await machines.queue.change(changes)
        logger.info(
            "provisioned",
            metadata: [
                "changes": "\(changes.count)", "tenants": "\(plan.tenants.count)", "endpoints": "\(plan.endpointCount)",
                "keys": "\(plan.keys.count)",
            ])
    }
    // Order is that of dependence: shutdown goes through it backwards.
    let group = ServiceGroup(
        configuration: .init(
            services: [
                .init(service: QueueService(queue: machines.queue)),
                .init(service: SenderService(senders: machines.senders, grace: configuration.shutdownGrace)),
                .init(service: IngestService(ingest: machines.ingest, configuration: configuration, logger: logger)),
                .init(service: StatsService(machines: machines, logger: logger)),
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
