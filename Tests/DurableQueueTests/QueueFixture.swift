import DurableQueue
import Foundation
import LMDB
import Logging
import Scheduling
import Store
import Synchronization
import TestSupport
import Testing
import Threading
import WebhookModel

/// A real queue on a real store, with senders that only collect. No time is waited for: what the writer did is awaited by its receipts
/// and hand-overs.
final class QueueFixture: Sendable {
    let folder: TemporaryDirectory
    let faults = FaultPlan()
    let queue: QueueWriterThread
    let fatal = Locked<String?>(nil)
    private let handed = Locked<[DueDelivery]>([])
    private let answered = Locked<[EventBatch]>([])
    private let moved = Signal()

    init(
        folder: TemporaryDirectory = TemporaryDirectory(), senders: Int = 1, mapBytes: Int = 256 << 20,
        configuration: QueueConfiguration = QueueConfiguration(diskReserveBytes: 0)
    ) throws {
        self.folder = folder
        let directory = try DataDirectory(path: folder.path + "/data", mapBytes: mapBytes, faults: faults)
        let ports = (0..<senders).map { [handed, moved] _ in
            DispatchPort { deliveries in
                handed.withLock { $0 += deliveries }
                moved.fire()
            }
        }
        queue = try QueueWriterThread(
            directory: directory, configuration: configuration, senders: ports,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { [fatal, moved] reason in
            fatal.withLock { $0 = reason }
            moved.fire()
        }
        queue.start()
    }

    /// Makes a tenant with endpoints named `e1`, `e2`, ….
    func provision(
        tenant: String = "tenant-1", endpoints: Int = 1,
        retry: RetryPolicy? = RetryPolicy(delays: [0], jitterPercent: 0),
        rate: Rate? = nil, order: DeliveryOrder = .none, batch: BatchRule? = nil,
        of tenantSettings: Tenant.Settings = Tenant.Settings()
    ) async throws {
        var changes: [TenancyChange] = [
            .putTenant(name: tenant, enabled: true, settings: tenantSettings, origin: .provisioned)
        ]
        for number in 0..<endpoints {
            var settings = Endpoint.Settings(url: "https://example.com/", secrets: [Sample.secret], retry: retry)
            settings.rate = rate
            settings.order = order
            settings.batch = batch
            changes.append(
                .putEndpoint(tenant: tenant, name: "e\(number + 1)", settings: settings, origin: .provisioned))
        }
        try await queue.change(changes)
    }

    /// Publishes records in one batch and waits for the answer.
    func publish(
        _ records: [[UInt8]], tenant: UInt32 = 1, at location: SourceLocation = #_sourceLocation
    ) throws -> EventBatch {
        let batch = makeBatch(records, tenant: tenant)
        try wait(at: location) { queue.intake.offer(batch) { [moved] in moved.fire() } }
        try wait(at: location) { answered.withLock { $0.contains { $0 === batch } } }
        return batch
    }

    func makeBatch(_ records: [[UInt8]], tenant: UInt32 = 1) -> EventBatch {
        let batch = EventBatch(
            source: self,
            receipts: ReceiptPort { [answered, moved] batches in
                answered.withLock { $0 += batches }
                moved.fire()
            })
        for record in records {
            guard case .success(let layout) = record.withUnsafeBytes({ EventRecord.parse($0) }) else {
                preconditionFailure("a bad record")
            }
            let span = EventRecord.Span(offset: batch.bytes.count, count: record.count)
            batch.bytes += record
            batch.drafts.append(EventDraft(record: layout, span: span, tenant: TenantNumber(tenant)))
        }
        batch.groups.append(DraftGroup(token: 1, count: records.count))
        return batch
    }

    func record(_ number: UInt64, payload: Int = 8, deliverAt: Int64 = 0, key: String = "") -> [UInt8] {
        Sample.recordBytes(
            id: EventID(high: 5, low: number), deliverAt: deliverAt, orderingKey: key,
            payload: Array(repeating: UInt8(number & 0x7F), count: payload))
    }

    /// Waits until at least `count` deliveries were handed over since the last call, and takes them.
    func takeHanded(_ count: Int, at location: SourceLocation = #_sourceLocation) throws -> [DueDelivery] {
        try wait(at: location) { handed.withLock { $0.count >= count } }
        return handed.withLock { handed in
            defer { handed = [] }
            return handed
        }
    }

    var handedCount: Int { handed.withLock(\.count) }

    func report(
        _ deliveries: [DueDelivery], _ outcome: Outcome = .delivered, status: UInt16 = 200, isHopeless: Bool = false
    ) {
        queue.report(
            deliveries.map { delivery in
                var report = AttemptReport(
                    delivery: delivery.id, entry: delivery.entry, attempt: delivery.attempt, trigger: delivery.trigger,
                    outcome: outcome, status: status, startedAt: 0, phases: AttemptPhases(), reusedConnection: false,
                    address: "192.0.2.1", heldBytes: delivery.heldBytes)
                report.round = delivery.round
                report.isHopeless = isHopeless
                return report
            })
    }

    /// Gives deliveries back unsent, as a sender does whose endpoint is held.
    func giveBack(_ deliveries: [DueDelivery], pause: Int64) {
        guard !deliveries.isEmpty else { return }
        queue.takeBack(
            deliveries.map { delivery in
                ReturnedDelivery(
                    delivery: delivery.id, entry: delivery.entry, attempts: delivery.attempt - 1, pause: pause,
                    heldBytes: delivery.heldBytes)
            })
    }

    /// Waits until the queue's statistics satisfy a condition. The queue wakes by itself at least once a second.
    func waitForStatistics(
        at location: SourceLocation = #_sourceLocation, _ condition: (QueueStatistics) -> Bool
    ) throws {
        try wait(at: location, readsStatistics: true) { condition(queue.statistics) }
    }

    /// Waits until the condition holds, 20 s at most: a test that would wait for ever fails, and the next one runs. The
    /// condition is looked at again after each hand-over, answer and failure.
    ///
    /// - Parameter readsStatistics: whether the condition reads the statistics. The queue reports no change of them, so
    ///   the condition is then looked at again every 5 ms as well.
    func wait(
        at location: SourceLocation = #_sourceLocation, readsStatistics: Bool = false, _ condition: () throws -> Bool
    ) throws {
        let deadline = Instant.now().monotonic + 20_000_000_000
        try moved.listen { bell in
            while try !condition() {
                let left = deadline - Instant.now().monotonic
                guard left > 0 else { throw TimedOut(location: location, statistics: queue.statistics) }
                bell.wait(nanoseconds: readsStatistics ? min(left, 5_000_000) : left)
            }
        }
    }

    /// The queue did not do within 20 s what the test waited for.
    struct TimedOut: Error, CustomStringConvertible {
        let location: SourceLocation
        let statistics: QueueStatistics
        var description: String {
            "\(location.fileID):\(location.line): the queue did not do it within 20 s: \(statistics)"
        }
    }
}

/// Wakes every thread that listens.
final class Signal: Sendable {
    private let bells = Locked<[Bell]>([])

    func fire() {
        for bell in bells.withLock(\.self) { bell.ring() }
    }

    /// Runs `body` with a bell of its own. A signal during `body` makes the bell's next wait return at once, so none is
    /// missed.
    func listen(_ body: (Bell) throws -> Void) rethrows {
        let bell = Bell()
        bells.withLock { $0.append(bell) }
        defer { bells.withLock { bells in bells.removeAll { $0 === bell } } }
        try body(bell)
    }
}

extension QueueConfiguration {
    /// The deliveries of a removed endpoint do not wait: they become dead letters at once.
    static func withoutHold(heldPerSender: Int = Limits.heldPerSender, lotLimit: Int = Limits.lotEntries)
        -> QueueConfiguration
    {
        var configuration = QueueConfiguration(diskReserveBytes: 0, heldPerSender: heldPerSender, lotLimit: lotLimit)
        configuration.removedHold = 0
        return configuration
    }
}
