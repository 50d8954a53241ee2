import DurableQueue
import Logging
import Store
import WebhookModel

/// Applies the provisioning file to the store: at the start, and again at SIGHUP.
struct Provisioner: Sendable {
    let file: String
    let allowHTTP: Bool
    let networks: ServerNetworks
    /// The operator said that a change may remove more than half of the endpoints or API keys.
    let allowRemoval: Bool

    /// Reads the file.
    ///
    /// - Throws: every mistake in it.
    func load() throws(InputMistakes) -> ProvisioningPlan {
        try ProvisioningPlan.load(
            file: file, environment: ProcessEnvironment.variables, allowHTTP: allowHTTP, networks: networks)
    }

    /// What a plan would remove, one line each in the log.
    ///
    /// - Throws: where it is too much. Nothing has changed then.
    func check(_ plan: ProvisioningPlan, against present: TenancySnapshot, logger: Logger) throws(RemovalRefused) {
        let removals = Removals(from: TenancyOutline(present), to: plan)
        for line in removals.lines.prefix(Limits.settingsMistakes) {
            logger.warning("provisioning: no longer in the file", metadata: ["what": "\(line)"])
        }
        if !allowRemoval, let refusal = removals.refusal(of: file) { throw refusal }
    }

    /// Applies a plan as one change, and returns when it is durable.
    func converge(_ queue: QueueWriterThread, to plan: ProvisioningPlan, logger: Logger) async throws(TenancyError) {
        let changes = Convergence.changes(from: queue.tenancy, to: plan)
        try await queue.change(changes)
        logger.info(
            "provisioned",
            metadata: [
                "changes": "\(changes.count)", "tenants": "\(plan.tenants.count)", "endpoints": "\(plan.endpointCount)",
                "keys": "\(plan.keys.count)",
            ])
    }
}
