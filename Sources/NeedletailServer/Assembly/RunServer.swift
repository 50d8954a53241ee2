import DurableQueue
import Glibc
import Ingest
public import Logging
import Management
import ManagementAPI
import ServiceLifecycle
import WebhookModel
import WebhookSigning

/// Runs the server until SIGTERM or SIGINT, then drains: first ingest, then the senders, then the writer.
///
/// A second signal ends the process at once. Nothing is lost, because acknowledged events are durable.
///
/// - Throws: the reason why it cannot start: mistakes in the provisioning file, an unusable data directory, a port in
///   use.
public func runServer(configuration: ServerConfiguration, logger: Logger) async throws {
    // By default the signal would end the process before ReloadService handles it. The command ignores it even earlier.
    signal(SIGHUP, SIG_IGN)
    // Mistakes in the file must be reported before anything is opened.
    let provisioner = configuration.provisioningFile.map {
        Provisioner(
            file: $0, allowHTTP: configuration.sender.allowHTTP,
            networks: ServerNetworks(
                allow: configuration.sender.allowNetworks, deny: configuration.sender.denyNetworks),
            allowRemoval: configuration.allowRemoval)
    }
    let plan = try provisioner?.load()
    let keys = try KeyRing(configuration, environment: ProcessEnvironment.variables)
    if keys == nil {
        logger.warning("secrets are stored in plaintext; set secrets.master_key_file or NEEDLETAIL_MASTER_KEY")
    }
    // Before a store is made: a start that fails must not leave one behind.
    try IngestServer.check(IngestConfiguration(configuration))
    if configuration.ingest.tcp, let file = configuration.ingest.portFile { try PortFile.check(file) }
    if configuration.api.enabled, let file = configuration.api.portFile { try PortFile.check(file) }
    DescriptorLimit.raise()
    let machines = try Machines(configuration: configuration, keys: keys, logger: logger)
    logger.info(
        "needletail starts",
        metadata: [
            "version": "\(ServerVersion.text)", "data": "\(configuration.dataDirectory)",
            "libcurl": "\(Machines.curlVersion)", "senders": "\(machines.senders.count)",
            "pending": "\(machines.queue.statistics.pending)",
        ])
    // Before anything runs: a file that was cut off must not end what it does not name.
    if let provisioner, let plan { try provisioner.check(plan, against: machines.queue.tenancy, logger: logger) }
    machines.queue.start()
    if let provisioner, let plan { try await provisioner.converge(machines.queue, to: plan, logger: logger) }
    let state = ServerState()
    let api = try await startAPI(machines, configuration, state: state, seal: keys?.secretSeal, logger: logger)
    let group = ServiceGroup(
        configuration: .init(
            services: services(machines, api, state, configuration, provisioner, logger), logger: logger))
    try await group.run()
    let statistics = machines.queue.statistics
    logger.info(
        "needletail ended",
        metadata: [
            "delivered": "\(statistics.delivered)", "retried": "\(statistics.retriesScheduled)",
            "dead": "\(statistics.deadLettered)", "cancelled": "\(statistics.cancelled)",
            "quarantined": "\(statistics.quarantined)",
            "pending": "\(statistics.pending)",
        ])
}

/// In the order of dependence; the shutdown is in the reverse order.
private func services(
    _ machines: Machines, _ api: APIServer?, _ state: ServerState, _ configuration: ServerConfiguration,
    _ provisioner: Provisioner?, _ logger: Logger
) -> [ServiceGroupConfiguration.ServiceConfiguration] {
    var services: [any Service] = [QueueService(queue: machines.queue)]
    if let api { services.append(APIService(server: api)) }
    services += [
        SenderService(senders: machines.senders, grace: configuration.shutdownGrace),
        IngestService(
            machines: machines, configuration: configuration, state: state, apiPort: api?.port, logger: logger),
        StatsService(machines: machines, logger: logger),
        ReloadService(machines: machines, provisioner: provisioner, logger: logger),
    ]
    return services.map { .init(service: $0) }
        + [.init(service: StopService(), successTerminationBehavior: .gracefullyShutdownGroup)]
}

/// Makes the first key where there is none, and opens the listener of the management API. It is open before ingest is,
/// so that the address guard knows its port before the first delivery.
///
/// - Returns: nil: the configuration does not want it.
private func startAPI(
    _ machines: Machines, _ configuration: ServerConfiguration, state: ServerState, seal: SecretSeal?, logger: Logger
) async throws -> APIServer? {
    guard configuration.api.enabled else { return nil }
    try await FirstKey(directory: configuration.dataDirectory).ensure(in: machines.queue, logger: logger)
    let desk = ManagementDesk(
        store: machines.directory, queue: machines.queue, access: machines.access, state: state,
        settings: DeskSettings(configuration, machines, seal: seal))
    return try await APIServer.start(APIConfiguration(configuration), desk: desk, logger: logger)
}
