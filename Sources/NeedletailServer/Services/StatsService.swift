import DurableQueue
import Ingest
import Logging
import Sender
import ServiceLifecycle
import Telemetry
import WebhookModel

/// Gathers the rooms' counts on the board once a second, and logs a line every ten while anything moves.
struct StatsService: Service {
    let machines: Machines
    let logger: Logger

    static let logEvery = 10

    func run() async throws {
        var last = QueueStatistics()
        var round = 0
        try? await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
                gather()
                round += 1
                guard round % StatsService.logEvery == 0 else { continue }
                let now = machines.queue.statistics
                if now != last { log(now, since: last) }
                last = now
            }
        } onGracefulShutdown: {
        }
        log(machines.queue.statistics, since: last)
    }

    private func log(_ now: QueueStatistics, since last: QueueStatistics) {
        let commits = now.commits - last.commits
        let mean = commits > 0 ? (now.commitNanoseconds - last.commitNanoseconds) / commits / 1_000 : 0
        var metadata: Logger.Metadata = [
            "accepted": "\(now.accepted + now.acceptedWithoutMatch)", "duplicates": "\(now.duplicates)",
            "delivered": "\(now.delivered)", "retried": "\(now.retriesScheduled)", "dead": "\(now.deadLettered)",
            "pending": "\(now.pending)", "held": "\(now.held)", "commits": "\(now.commits)",
            "commit_us": "\(mean)",
        ]
        // Only where somebody delivers in order or in batches.
        if now.pendingBehind > 0 { metadata["behind"] = "\(now.pendingBehind)" }
        if now.heldKeys > 0 { metadata["held_keys"] = "\(now.heldKeys)" }
        if now.pendingGathering > 0 { metadata["gathering"] = "\(now.pendingGathering)" }
        logger.info("stats", metadata: metadata)
    }

    private func gather() {
        let board = machines.board
        let queue = machines.queue.statistics
        board.set(.deliveriesWaiting, to: queue.pending)
        board.set(.deliveriesHeld, to: queue.held)
        board.set(.mapUsedBytes, to: queue.usedPages * 4_096)
        board.set(.mapBytes, to: queue.mapPages * 4_096)
    }
}
