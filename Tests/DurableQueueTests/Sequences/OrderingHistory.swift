import DurableQueue
import Glibc
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import Threading
import WebhookModel

/// What one endpoint that delivers in order should do: of each key, the events that are not final, in commit order.
struct OrderingModel {
    private var waiting: [String: [UInt64]] = [:]
    private(set) var held: Set<String> = []
    private var out: Set<UInt64> = []
    let holds: Bool

    init(holds: Bool) { self.holds = holds }

    var isEmpty: Bool { waiting.values.allSatisfy(\.isEmpty) }

    mutating func publish(_ event: UInt64, _ key: String) { waiting[key, default: []].append(event) }

    /// An event goes out. False: it is not its turn. Without a key it is always.
    mutating func go(_ event: UInt64, _ key: String) -> Bool {
        guard out.insert(event).inserted, let line = waiting[key] else { return false }
        return key.isEmpty ? line.contains(event) : line.first == event && !held.contains(key)
    }

    mutating func comeBack(_ event: UInt64) { out.remove(event) }

    mutating func finish(_ event: UInt64, _ key: String, isDead: Bool) {
        if isDead, holds, !key.isEmpty { held.insert(key) } else { waiting[key]!.removeAll { $0 == event } }
    }

    mutating func release() {
        for key in held { waiting[key]!.removeFirst() }
        held = []
    }

    mutating func restart() { out = [] }
}

/// A random history of a queue with two endpoints in order, e1 that skips dead letters and e2 that holds, beside their models.
final class OrderingHistory {
    private let folder = TemporaryDirectory()
    private let configuration = QueueConfiguration(diskReserveBytes: 0, heldPerSender: 24, lotLimit: 30)
    private(set) var fixture: QueueFixture
    private var random: SeededRandom
    private let seed: UInt64
    private var models: [OrderingModel] = [OrderingModel(holds: false), OrderingModel(holds: true)]
    private var keys: [String] = []
    private var out: [DueDelivery] = []
    private(set) var restarts = 0

    init(seed: UInt64) async throws {
        self.seed = seed
        random = SeededRandom(seed: seed)
        fixture = try QueueFixture(folder: folder, configuration: configuration)
        try await fixture.provision(
            endpoints: 2, retry: RetryPolicy(delays: [1, 1], jitterPercent: 0), order: .byKey(onDeadLetter: .skip))
        var settings = fixture.queue.tenancy.endpoints[1].value.settings
        settings.order = .byKey(onDeadLetter: .hold)
        let put = TenancyChange.putEndpoint(tenant: "tenant-1", name: "e2", settings: settings, origin: .api)
        try await fixture.queue.change([put])
    }

    var events: Int { keys.count }
    var isOver: Bool { models.allSatisfy(\.isEmpty) }

    func publishSome() throws {
        var records: [[UInt8]] = []
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            let key = Int.random(in: 0..<10, using: &random)
            keys.append(key == 0 ? "" : "key \(key)")
            records.append(fixture.record(UInt64(keys.count), key: keys.last!))
            for model in models.indices { models[model].publish(UInt64(keys.count), keys.last!) }
        }
        if !records.isEmpty { _ = try fixture.publish(records) }
    }

    /// Takes what was handed over, and waits for so much of it.
    func take(atLeast count: Int = 0) throws {
        for delivery in try fixture.takeHanded(count) {
            let event = delivery.event.id.low
            let isLawful = models[model(delivery)].go(event, key(event))
            #expect(
                isLawful,
                "seed \(seed): event \(event) of “\(key(event))” went out of turn to \(delivery.endpoint.name)")
            out.append(delivery)
        }
    }

    /// Reports about so many percent of what is out; seven of ten are delivered.
    func reportSome(percent: Int) {
        var kept: [DueDelivery] = []
        for delivery in out {
            guard Int.random(in: 0..<100, using: &random) < percent else {
                kept.append(delivery)
                continue
            }
            let event = delivery.event.id.low
            let isDelivered = Int.random(in: 0..<10, using: &random) < 7
            models[model(delivery)].comeBack(event)
            if isDelivered || delivery.isLastAttempt {
                models[model(delivery)].finish(event, key(event), isDead: !isDelivered)
            }
            fixture.report([delivery], isDelivered ? .delivered : .refusedStatus, status: isDelivered ? 200 : 500)
        }
        out = kept
    }

    func release() async throws {
        let keys = try await fixture.queue.releaseKeys(tenant: "tenant-1", endpoint: "e2")
        #expect(keys == models[1].held.count, "seed \(seed)")
        models[1].release()
    }

    /// Ends the queue, by a stop or by a commit in doubt, and begins anew on its directory.
    func reopen(crash: Bool) async throws {
        if crash {
            // Every report so far is committed; what comes now is lost.
            _ = try await fixture.queue.releaseKeys(tenant: "tenant-1", endpoint: "e1")
            fixture.faults.failCommits(with: EIO)
            let batch = fixture.makeBatch([fixture.record(.max)])
            #expect(fixture.queue.intake.offer(batch) {})
            fixture.report(out)
            try fixture.wait { fixture.fatal.withLock { $0 } != nil }
        }
        fixture.queue.stop()
        out = []
        for model in models.indices { models[model].restart() }
        fixture = try QueueFixture(folder: folder, configuration: configuration)
        restarts += 1
    }

    private func model(_ delivery: DueDelivery) -> Int { Int(delivery.endpoint.number.value) - 1 }
    private func key(_ event: UInt64) -> String { keys[Int(event) - 1] }
}
