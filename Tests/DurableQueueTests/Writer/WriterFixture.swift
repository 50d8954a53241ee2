import DurableQueue
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import Threading
import WebhookModel

/// A writer as a plain value: no thread, no real time, no fsync. Each `turn` performs what was given before it, at the time that the test
/// set; chance is seeded.
///
/// One thread at a time uses it.
final class WriterFixture: @unchecked Sendable {
    let folder: TemporaryDirectory
    let faults: FaultPlan
    /// The clocks of the writer.
    let time = Box(Instant(monotonic: 1_000_000_000_000, wall: 1_800_000_000_000_000_000))
    private let handed = Locked<[DueDelivery]>([])
    private let answered = Locked<[EventBatch]>([])
    private var running: WriterTurn?
    private let start: () throws -> WriterTurn
    private(set) var notices: [Notice] = []
    private(set) var edits: [TenancyEdit] = []
    private var commands: [QueueCommand] = []

    /// A value that closures share with the test. One thread only.
    final class Box<Value>: @unchecked Sendable {
        var value: Value
        init(_ value: Value) { self.value = value }
    }

    init(
        folder: TemporaryDirectory = TemporaryDirectory(), senders: Int = 1, seed: UInt64 = 1,
        configuration: QueueConfiguration = QueueConfiguration(diskReserveBytes: 0)
    ) throws {
        self.folder = folder
        faults = FaultPlan()
        start = { [faults, handed, time] in
            let directory = try DataDirectory(
                path: folder.path + "/data", mapBytes: 256 << 20, durability: .none, faults: faults)
            let core = try WriterCore(
                directory: directory, configuration: configuration, senders: senders, random: SeededRandom(seed: seed))
            let ports = (0..<senders).map { _ in DispatchPort { deliveries in handed.withLock { $0 += deliveries } } }
            return WriterTurn(core: core, senders: ports) { time.value }
        }
        running = try start()
    }

    /// Ends the writer as a killed process does, and starts another on its directory. What was handed over is forgotten.
    func restart() throws {
        running = nil
        commands = []
        _ = takeHanded()
        running = try start()
    }

    private(set) var turn: WriterTurn {
        _read { yield running! }
        _modify { yield &running! }
    }

    var core: WriterCore { turn.core }
    var statistics: QueueStatistics { turn.statistics }
    /// The writer's time, Unix milliseconds.
    var now: Int64 { time.value.wall / 1_000_000 }

    // MARK: Time

    /// How long the writer would sleep; 0: it has work.
    func pauseNanoseconds() -> Int64 { turn.pauseNanoseconds() }

    func advance(milliseconds: Int64) {
        time.value.monotonic += milliseconds * 1_000_000
        time.value.wall += milliseconds * 1_000_000
    }

    /// Lets hours pass as a running process sees them: not in one step.
    func pass(hours: Int) throws(LMDBError) {
        try settle()
        for _ in 0..<hours * 2 {
            advance(milliseconds: 1_800_000)
            try settle()
        }
    }

    // MARK: Commands

    func give(_ command: QueueCommand) { commands.append(command) }

    /// Performs the commands that were given, in one turn, and gives their answers.
    func perform() throws(LMDBError) {
        turn.inbox = commands
        commands = []
        try turn.perform()
        let output = turn.takeOutput()
        notices += output.notices
        edits += output.edits
        for answer in output.answers { answer() }
    }

    /// Performs turns without new commands until the writer would sleep.
    func settle() throws(LMDBError) {
        try perform()
        var turns = 0
        while turn.pauseNanoseconds() == 0 {
            guard turns < 10_000 else {
                Issue.record("the writer still has work after 10,000 turns")
                return
            }
            turns += 1
            try perform()
        }
    }

    /// Gives changes; the result comes with the answer.
    func change(_ changes: [TenancyChange]) -> Box<[Result<[TenancyResult], TenancyError>]> {
        let answers = Box<[Result<[TenancyResult], TenancyError>]>([])
        give(.change(changes, CommandReply { answers.value.append($0) }))
        return answers
    }

    /// Makes a tenant with endpoints named `e1`, `e2`, ….
    func provision(
        tenant: String = "tenant-1", endpoints: Int = 1,
        retry: RetryPolicy? = RetryPolicy(delays: [0], jitterPercent: 0),
        order: DeliveryOrder = .none, of tenantSettings: Tenant.Settings = Tenant.Settings()
    ) throws {
        var changes: [TenancyChange] = [
            .putTenant(name: tenant, enabled: true, settings: tenantSettings, origin: .provisioned)
        ]
        for number in 0..<endpoints {
            changes.append(
                .putEndpoint(
                    tenant: tenant, name: "e\(number + 1)", settings: settings(retry: retry, order: order),
                    origin: .provisioned))
        }
        let answers = change(changes)
        try perform()
        let answer = try #require(answers.value.first)
        _ = try answer.get()
    }

    func settings(
        url: String = "https://example.com/", retry: RetryPolicy? = RetryPolicy(delays: [0], jitterPercent: 0),
        order: DeliveryOrder = .none
    ) -> Endpoint.Settings {
        var settings = Endpoint.Settings(url: url, secrets: [Sample.secret], retry: retry)
        settings.order = order
        return settings
    }

    /// Gives events in one batch.
    @discardableResult
    func publish(
        _ numbers: some Sequence<UInt64>, tenant: UInt32 = 1, deliverAt: Int64 = 0, key: String = "", payload: Int = 8
    ) -> EventBatch {
        let batch = EventBatch(
            source: folder, receipts: ReceiptPort { [answered] batches in answered.withLock { $0 += batches } })
        for number in numbers {
            let record = Sample.recordBytes(
                id: EventID(high: 5, low: number), deliverAt: deliverAt, orderingKey: key,
                payload: Array(repeating: UInt8(number & 0x7F), count: payload))
            guard case .success(let layout) = record.withUnsafeBytes({ EventRecord.parse($0) }) else {
                preconditionFailure("a bad record")
            }
            let span = EventRecord.Span(offset: batch.bytes.count, count: record.count)
            batch.bytes += record
            batch.drafts.append(EventDraft(record: layout, span: span, tenant: TenantNumber(tenant)))
        }
        batch.groups.append(DraftGroup(token: 1, count: batch.drafts.count))
        give(.publish(batch))
        return batch
    }

    /// Whether a batch came back through its receipt port.
    func isAnswered(_ batch: EventBatch) -> Bool { answered.withLock { $0.contains { $0 === batch } } }

    /// The deliveries that were handed over since the last call.
    func takeHanded() -> [DueDelivery] {
        handed.withLock { handed in
            defer { handed = [] }
            return handed
        }
    }

    /// Gives the results of attempts.
    ///
    /// - Parameter retryAfter: what the answers asked for, milliseconds.
    func report(
        _ deliveries: [DueDelivery], _ outcome: Outcome = .delivered, status: UInt16 = 200, retryAfter: Int64 = 0
    ) {
        guard !deliveries.isEmpty else { return }
        give(
            .reports(
                deliveries.map { delivery in
                    var report = AttemptReport(
                        delivery: delivery.id, entry: delivery.entry, attempt: delivery.attempt,
                        trigger: delivery.trigger, outcome: outcome, status: status, startedAt: now,
                        phases: AttemptPhases(), reusedConnection: false, address: "192.0.2.1",
                        heldBytes: delivery.heldBytes)
                    report.round = delivery.round
                    report.retryAfter = retryAfter
                    report.destination = delivery.endpoint.destination
                    return report
                }))
    }

    /// Gives deliveries back unsent.
    func giveBack(_ deliveries: [DueDelivery], pause: Int64) {
        give(
            .returned(
                deliveries.map { delivery in
                    ReturnedDelivery(
                        delivery: delivery.id, entry: delivery.entry, attempts: delivery.attempt - 1, pause: pause,
                        heldBytes: delivery.heldBytes, destination: delivery.endpoint.destination)
                }))
    }

    /// Gives the writer what was given, and then lets the time pass after which gathered results are committed.
    func linger() throws(LMDBError) {
        try perform()
        advance(milliseconds: Limits.outcomeLingerMilliseconds + 1)
    }
}
