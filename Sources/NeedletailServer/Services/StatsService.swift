import DurableQueue
import Ingest
import Logging
import Sender
import ServiceLifecycle
import WebhookModel

/// Logs the queue's counts every ten seconds in which a count has changed.
struct StatsService: Service {
    let machines: Machines
    let logger: Logger

    func run() async throws {
        var last = QueueStatistics()
        try? await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(10)) }
                let now = machines.queue.statistics
                if now != last { log(now, since: last) }
                last = now
            }
        } onGracefulShutdown: {
        }
        // Cancelled: the start failed, or another service did, and that error is what there is to read.
        if !Task.isCancelled { log(machines.queue.statistics, since: last) }
    }

    private func log(_ now: QueueStatistics, since last: QueueStatistics) {
        let commits = now.commits - last.commits
        let mean = commits > 0 ? (now.commitNanoseconds - last.commitNanoseconds) / commits / 1_000 : 0
        var metadata: Logger.Metadata = [
            "accepted": "\(now.accepted + now.acceptedWithoutMatch)", "duplicates": "\(now.duplicates)",
            "delivered": "\(now.delivered)", "retried": "\(now.retriesScheduled)", "dead": "\(now.deadLettered)",
            "cancelled": "\(now.cancelled)", "quarantined": "\(now.quarantined)", "pending": "\(now.pending)",
            "held": "\(now.held)",
            "commits": "\(now.commits)",
            "commit_us": "\(mean)",
        ]
        // Only where an endpoint has ordering or batches.
        if now.pendingBehind > 0 { metadata["behind"] = "\(now.pendingBehind)" }
        if now.heldKeys > 0 { metadata["held_keys"] = "\(now.heldKeys)" }
        if now.batchesHalved > 0 { metadata["halved"] = "\(now.batchesHalved)" }
        if now.pendingGathering > 0 { metadata["gathering"] = "\(now.pendingGathering)" }
        let handshakes = machines.senders.reduce(into: (full: 0 as UInt64, resumed: 0 as UInt64)) { sum, sender in
            let tally = sender.snapshot()
            sum.full += tally.fullHandshakes
            sum.resumed += tally.resumedHandshakes
        }
        // Only where an endpoint has https.
        if handshakes.full + handshakes.resumed > 0 {
            metadata["tls_full"] = "\(handshakes.full)"
            metadata["tls_resumed"] = "\(handshakes.resumed)"
        }
        logger.info("stats", metadata: metadata)
    }
}
