import DurableQueue
import Ingest
import Logging
import ServiceLifecycle
import UnixSignals

/// SIGHUP: reads certificates and the provisioning file again. Mistakes in one of them are all logged, and it changes
/// nothing.
struct ReloadService: Service {
    let machines: Machines
    let provisioner: Provisioner?
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() { await reload() }
    }

    private func reload() async {
        logger.notice("SIGHUP: reading certificates and the provisioning file again")
        do {
            if let until = try machines.ingest.reloadCertificates() {
                logger.notice("certificates reloaded", metadata: ["until": "\(until)"])
            }
        } catch {
            logger.error("certificates not reloaded; the former ones stay in use", metadata: ["mistake": "\(error)"])
        }
        guard let provisioner else { return }
        do {
            let plan = try provisioner.load()
            try provisioner.check(plan, against: machines.queue.tenancy, logger: logger)
            try await provisioner.converge(machines.queue, to: plan, logger: logger)
        } catch let mistakes as InputMistakes {
            for line in mistakes.lines { logger.error("provisioning not applied", metadata: ["mistake": "\(line)"]) }
        } catch {
            logger.error("provisioning not applied", metadata: ["mistake": "\(error)"])
        }
    }
}
