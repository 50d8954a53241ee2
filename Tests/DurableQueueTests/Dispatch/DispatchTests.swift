import DurableQueue
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct DispatchTests {
    /// Reports every delivery as it is handed over until `total` are delivered; returns how often each was handed.
    private func drain(_ fixture: QueueFixture, total: Int) throws -> [DeliveryID: Int] {
        var seen: [DeliveryID: Int] = [:]
        while seen.count < total {
            let handed = try fixture.takeHanded(1)
            for delivery in handed { seen[delivery.id, default: 0] += 1 }
            fixture.report(handed)
        }
        return seen
    }

    @Test func aFailureIsTriedAgainAndTheLastBecomesADeadLetter() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: RetryPolicy(delays: [1, 1], jitterPercent: 0))
        _ = try fixture.publish([fixture.record(1)])
        for attempt in 1...3 {
            let handed = try fixture.takeHanded(1)
            #expect(handed.map { Int($0.attempt) } == [attempt])
            fixture.report(handed, .refusedStatus, status: 500)
        }
        try fixture.waitForStatistics { $0.deadLettered == 1 }
        #expect(fixture.queue.statistics.retriesScheduled == 2)
        fixture.queue.stop()
    }

    @Test func anAttemptThatCannotEndOtherwiseIsTheLast() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: RetryPolicy(delays: [1, 1], jitterPercent: 0))
        _ = try fixture.publish([fixture.record(1)])
        fixture.report(try fixture.takeHanded(1), .addressForbidden, status: 0, isHopeless: true)
        try fixture.waitForStatistics { $0.deadLettered == 1 }
        #expect(fixture.queue.statistics.retriesScheduled == 0)
        fixture.queue.stop()
    }

    @Test func eachDeliveryOfABacklogBeyondEveryLimitIsMadeOnce() async throws {
        let configuration = QueueConfiguration(diskReserveBytes: 0, heldPerSender: 64, lotLimit: 500)
        let fixture = try QueueFixture(senders: 2, configuration: configuration)
        try await fixture.provision(endpoints: 7)
        for slice in 0..<20 {
            _ = try fixture.publish((0..<100).map { fixture.record(UInt64(slice * 100 + $0 + 1)) })
        }
        // Nothing was reported yet: only what a sender may hold is out.
        #expect(fixture.handedCount <= 2 * 64)
        let seen = try drain(fixture, total: 14_000)
        #expect(seen.count == 14_000 && seen.values.allSatisfy { $0 == 1 })
        try fixture.waitForStatistics { $0.pending == 0 && $0.held == 0 && $0.delivered == 14_000 }
        fixture.queue.stop()
    }

    @Test func theBacklogOfADeadEndpointIsParkedAndDeliveredLater() async throws {
        let configuration = QueueConfiguration(diskReserveBytes: 0, heldPerSender: 1_000, lotLimit: 200)
        let fixture = try QueueFixture(configuration: configuration)
        try await fixture.provision(endpoints: 2)
        for slice in 0..<20 {
            _ = try fixture.publish((0..<100).map { fixture.record(UInt64(slice * 100 + $0 + 1)) })
        }
        // Only e2 reports; e1 is silent.
        var silent: [DueDelivery] = []
        var live = 0
        while live < 2_000 {
            let handed = try fixture.takeHanded(1)
            silent += handed.filter { $0.endpoint.name == "e1" }
            let answers = handed.filter { $0.endpoint.name == "e2" }
            live += answers.count
            fixture.report(answers)
        }
        #expect(silent.count < 100)
        #expect(fixture.queue.statistics.parkedDeliveries > 1_000)
        fixture.report(silent)
        let rest = try drain(fixture, total: 2_000 - silent.count)
        #expect(rest.values.allSatisfy { $0 == 1 })
        try fixture.waitForStatistics { $0.pending == 0 && $0.delivered == 4_000 }
        fixture.queue.stop()
    }

    @Test func aRestartContinuesWithUnreportedDeliveries() async throws {
        let folder = TemporaryDirectory()
        var first: QueueFixture? = try QueueFixture(
            folder: folder, configuration: QueueConfiguration(diskReserveBytes: 0, lotLimit: 100))
        try await first!.provision(endpoints: 3)
        _ = try first!.publish((1...500).map { first!.record($0) })
        let handed = try first!.takeHanded(90)
        first!.report(Array(handed.prefix(30)))
        try first!.waitForStatistics { $0.delivered == 30 && $0.parkedDeliveries > 0 }
        first!.queue.stop()
        first = nil
        let second = try QueueFixture(folder: folder)
        #expect(second.queue.statistics.pending == 1_470)
        let seen = try drain(second, total: 1_470)
        #expect(seen.values.allSatisfy { $0 == 1 })
        #expect(Set(seen.keys).isDisjoint(with: handed.prefix(30).map(\.id)))
        // Positions go on: nothing is given twice.
        _ = try second.publish([second.record(9_999)])
        let fresh = try second.takeHanded(3)
        #expect(fresh.allSatisfy { $0.event.position.value == 501 })
        second.queue.stop()
    }

    @Test func removingAnEndpointMakesDeadLettersOfItsWaitingDeliveries() async throws {
        let fixture = try QueueFixture(configuration: .withoutHold(lotLimit: 100))
        try await fixture.provision(endpoints: 2)
        _ = try fixture.publish((1...400).map { fixture.record($0) })
        let handed = try fixture.takeHanded(60)
        try await fixture.queue.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
        let mine = handed.filter { $0.endpoint.name == "e1" }
        fixture.report(mine, .refusedStatus, status: 500)
        fixture.report(handed.filter { $0.endpoint.name == "e2" })
        let rest = try drain(fixture, total: 400 - (handed.count - mine.count))
        #expect(rest.keys.allSatisfy { $0.endpoint == EndpointNumber(2) })
        try fixture.waitForStatistics { $0.deadLettered == 400 }
        try fixture.waitForStatistics { $0.pending == 0 }
        #expect(fixture.queue.statistics.delivered == 400)
        fixture.queue.stop()
    }

    @Test func deliveriesOfADisabledEndpointWaitUntilItIsEnabled() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision()
        var settings = fixture.queue.tenancy.endpoints[0].value.settings
        _ = try fixture.publish((1...100).map { fixture.record($0) })
        var out = try fixture.takeHanded(32)
        settings.enabled = false
        let disabled = settings
        try await fixture.queue.change([.putEndpoint(tenant: "tenant-1", name: "e1", settings: disabled, origin: .api)])
        fixture.report(out)
        try fixture.waitForStatistics { $0.delivered == out.count }
        #expect(fixture.handedCount == 0)
        settings.enabled = true
        let enabled = settings
        try await fixture.queue.change([.putEndpoint(tenant: "tenant-1", name: "e1", settings: enabled, origin: .api)])
        var delivered = out.count
        while delivered < 100 {
            out = try fixture.takeHanded(1)
            delivered += out.count
            fixture.report(out)
        }
        try fixture.waitForStatistics { $0.delivered == 100 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func returnedDeliveriesWaitForThePauseAndUseNoAttempt() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(endpoints: 2)
        _ = try fixture.publish((1...5).map { fixture.record($0) })
        let handed = try fixture.takeHanded(10)
        let (dead, live) = (
            handed.filter { $0.endpoint.number.value == 1 }, handed.filter { $0.endpoint.number.value == 2 }
        )
        fixture.giveBack(dead, pause: 200)
        fixture.report(live)
        // Others go on meanwhile; this one's new deliveries wait.
        _ = try fixture.publish([fixture.record(6)])
        let next = try fixture.takeHanded(1)
        #expect(next.map(\.endpoint.number.value) == [2])
        fixture.report(next)
        let again = try fixture.takeHanded(6)
        #expect(again.allSatisfy { $0.endpoint.number.value == 1 && $0.attempt == 1 })
        #expect(Set(again.map(\.event.position.value)) == Set(1...6))
        fixture.report(again)
        try fixture.waitForStatistics { $0.pending == 0 && $0.held == 0 && $0.delivered == 12 && $0.returned == 5 }
        fixture.queue.stop()
    }

    @Test func deadEndpointsWhoseDeliveriesAreReturnedDoNotStopALiveOne() async throws {
        let configuration = QueueConfiguration(diskReserveBytes: 0, heldPerSender: 64, lotLimit: 200)
        let fixture = try QueueFixture(configuration: configuration)
        try await fixture.provision(endpoints: 100)
        for slice in 0..<10 as Range<UInt64> {
            _ = try fixture.publish((1...10).map { fixture.record(slice * 10 + $0) })
        }
        var delivered: [DeliveryID: Int] = [:]
        // All but the last endpoint are dead for an hour: the last one's hundred come through all the same.
        while delivered.count < 100 {
            let handed = try fixture.takeHanded(1)
            fixture.giveBack(handed.filter { $0.endpoint.number.value < 100 }, pause: 3_600_000)
            let live = handed.filter { $0.endpoint.number.value == 100 }
            for delivery in live { delivered[delivery.id, default: 0] += 1 }
            fixture.report(live)
        }
        #expect(delivered.values.allSatisfy { $0 == 1 })
        try fixture.waitForStatistics { $0.delivered == 100 && $0.pending == 9_900 && $0.held == 0 }
        fixture.queue.stop()
    }

    @Test func aTenantOfManySilentEndpointsDoesNotStopOtherTenants() async throws {
        let configuration = QueueConfiguration(diskReserveBytes: 0, heldPerSender: 64, lotLimit: 200)
        let fixture = try QueueFixture(configuration: configuration)
        try await fixture.provision(tenant: "silent", endpoints: 100)
        try await fixture.provision(tenant: "live")
        _ = try fixture.publish((1...20).map { fixture.record($0) })
        // The silent ones answer nothing: two thousand deliveries for 64 places, of which a third stays free.
        let silent = try fixture.takeHanded(42)
        #expect(silent.allSatisfy { $0.endpoint.tenant == TenantNumber(1) })
        for round in 0..<50 as Range<UInt64> {
            _ = try fixture.publish([fixture.record(100 + round)], tenant: 2)
            let live = try fixture.takeHanded(1)
            #expect(live.map(\.endpoint.tenant) == [TenantNumber(2)])
            fixture.report(live)
        }
        try fixture.waitForStatistics { $0.delivered == 50 && $0.held < 64 }
        fixture.queue.stop()
    }

    @Test func returnedDeliveriesOfARemovedEndpointBecomeDeadLetters() async throws {
        let fixture = try QueueFixture(configuration: .withoutHold())
        try await fixture.provision()
        _ = try fixture.publish([fixture.record(1), fixture.record(2)])
        let handed = try fixture.takeHanded(2)
        try await fixture.queue.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
        fixture.giveBack(handed, pause: 60_000)
        try fixture.waitForStatistics { $0.deadLettered == 2 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func parkedDeliveriesReturnedAfterTheCleanUpOfTheirEndpointBecomeDeadLetters() async throws {
        let fixture = try QueueFixture(configuration: .withoutHold(heldPerSender: 64, lotLimit: 40))
        try await fixture.provision()
        for slice in 0..<20 as Range<UInt64> {
            _ = try fixture.publish((1...10).map { fixture.record(slice * 10 + $0) })
        }
        // Until something that was parked is out.
        var out = try fixture.takeHanded(1)
        while !out.contains(where: { $0.entry == .parked }) {
            fixture.report(out)
            out = try fixture.takeHanded(1)
        }
        try await fixture.queue.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
        // All that nobody holds is a dead letter: the clean-up is over.
        try fixture.waitForStatistics { $0.pending == $0.held && $0.deadLettered > 0 }
        fixture.giveBack(try out + (fixture.handedCount > 0 ? fixture.takeHanded(1) : []), pause: 60_000)
        try fixture.waitForStatistics { $0.pending == 0 && $0.held == 0 }
        fixture.queue.stop()
    }
}
