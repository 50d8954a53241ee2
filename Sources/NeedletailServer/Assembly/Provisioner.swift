import DurableQueue
import Logging

/// Applies the provisioning file to the store: at the start, and again at SIGHUP.
struct Provisioner: Sendable {
    let file: String
    let allowHTTP: Bool

    /// Reads the file.
    ///
    /// - Throws: every mistake in it.
    func load() throws(InputMistakes) -> ProvisioningPlan {
        try ProvisioningPlan.load(file: file, environment: ProcessEnvironment.variables, allowHTTP: allowHTTP)
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
