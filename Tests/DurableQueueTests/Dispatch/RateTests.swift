import DurableQueue
import Scheduling
import TestSupport
import Testing
import Threading
import WebhookModel

/// Token buckets of endpoints and tenants, through the writer and its real clock: what is handed over is an attempt.
@Suite struct RateTests {
    /// Reports everything as it comes until `total` came; checks the bound at each step.
    ///
    /// - Parameter start: before the first hand-over, monotonic nanoseconds: the true time lies between it and the look.
    private func drain(_ fixture: QueueFixture, total: Int, _ rate: Rate, since start: Int64) throws -> [DueDelivery] {
        var taken: [DueDelivery] = []
        while taken.count < total {
            let handed = try fixture.takeHanded(1)
            taken += handed
            let elapsed = (Instant.now().monotonic - start) / 1_000_000 + 1
            let most = rate.burst + Int(elapsed) * rate.perSecond / 1_000
            #expect(taken.count <= most, "\(taken.count) after \(elapsed) ms")
            fixture.report(handed)
        }
        return taken
    }

    @Test func anEndpointGetsItsBurstThenItsRateUntilNothingWaits() async throws {
        let fixture = try QueueFixture()
        let rate = Rate(perSecond: 200, burst: 10)
        try await fixture.provision(rate: rate)
        let start = Instant.now().monotonic
        let batch = fixture.makeBatch((1...110).map { fixture.record($0) })
        _ = fixture.queue.intake.offer(batch) {}
        let taken = try drain(fixture, total: 110, rate, since: start)
        let elapsed = (Instant.now().monotonic - start) / 1_000_000
        // Half a second, and what a busy machine takes; at a token a second it would be a minute and more.
        #expect(elapsed >= 490 && elapsed < 5_000, "\(elapsed) ms")
        #expect(taken.allSatisfy { $0.attempt == 1 })
        #expect(taken.map(\.event.position.value) == (1...110).map { $0 })
        try fixture.waitForStatistics { $0.delivered == 110 && $0.pending == 0 && $0.held == 0 }
        fixture.queue.stop()
    }

    @Test func endpointsShareTheirTenantsRateAndEachGetsAPart() async throws {
        let fixture = try QueueFixture(senders: 2)
        var settings = Tenant.Settings()
        settings.rate = Rate(perSecond: 300, burst: 5)
        try await fixture.provision(endpoints: 5, of: settings)
        try await fixture.provision(tenant: "tenant-2")
        _ = try fixture.publish((1...60).map { fixture.record($0) })
        // Another tenant is not held up.
        _ = try fixture.publish([fixture.record(500)], tenant: 2)
        var seen: [String: Int] = [:]
        var taken = 0
        let start = Instant.now().monotonic
        while taken < 301 {
            let handed = try fixture.takeHanded(1)
            taken += handed.count
            for delivery in handed where delivery.endpoint.tenant.value == 1 {
                seen[delivery.endpoint.name, default: 0] += 1
            }
            if taken < 200, taken > 100 {
                // Half-way none has less than a third of its equal share.
                #expect((seen.values.min() ?? 0) * 15 >= taken, "\(seen)")
            }
            fixture.report(handed)
        }
        let elapsed = (Instant.now().monotonic - start) / 1_000_000
        #expect(elapsed >= 900 && elapsed < 8_000, "\(elapsed) ms")
        #expect(seen.values.allSatisfy { $0 == 60 } && seen.count == 5)
        try fixture.waitForStatistics { $0.pending == 0 && $0.held == 0 }
        fixture.queue.stop()
    }

    @Test func aSlowAttemptDoesNotDelayTheNextToken() async throws {
        let fixture = try QueueFixture()
        var settings = Tenant.Settings()
        settings.rate = Rate(perSecond: 20, burst: 1)
        try await fixture.provision(of: settings)
        _ = try fixture.publish([fixture.record(1)])
        let slow = try fixture.takeHanded(1)
        // The bucket is empty and the first has not been reported: the next comes all the same.
        _ = try fixture.publish([fixture.record(2), fixture.record(3)])
        let next = try fixture.takeHanded(1)
        #expect(next.first?.event.position.value == 2)
        fixture.report(slow + next)
        fixture.report(try fixture.takeHanded(1))
        try fixture.waitForStatistics { $0.delivered == 3 }
        fixture.queue.stop()
    }

    @Test func aDeliveryReturnedUnsentReturnsItsToken() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(rate: Rate(perSecond: 1, burst: 16))
        _ = try fixture.publish((1...16).map { fixture.record($0) })
        var handed: [DueDelivery] = []
        while handed.count < 16 { handed += try fixture.takeHanded(1) }
        let start = Instant.now().monotonic
        fixture.giveBack(handed, pause: 10)
        var again = 0
        while again < 16 {
            let handed = try fixture.takeHanded(1)
            #expect(handed.allSatisfy { $0.attempt == 1 })
            again += handed.count
            fixture.report(handed)
        }
        // Sixteen new tokens would take as many seconds.
        #expect(Instant.now().monotonic - start < 8_000_000_000)
        try fixture.waitForStatistics { $0.delivered == 16 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func removingARateSendsEverythingThatWaits() async throws {
        let fixture = try QueueFixture()
        var settings = Tenant.Settings()
        settings.rate = Rate(perSecond: 1, burst: 1)
        try await fixture.provision(endpoints: 2, of: settings)
        _ = try fixture.publish((1...20).map { fixture.record($0) })
        let first = try fixture.takeHanded(1)
        try await fixture.provision(endpoints: 2)
        fixture.report(first)
        var taken = first.count
        while taken < 40 {
            let handed = try fixture.takeHanded(1)
            taken += handed.count
            fixture.report(handed)
        }
        try fixture.waitForStatistics { $0.delivered == 40 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func theBacklogOfARatedEndpointIsParkedAndDeliveredAtItsRate() async throws {
        let configuration = QueueConfiguration(diskReserveBytes: 0, lotLimit: 100)
        let fixture = try QueueFixture(configuration: configuration)
        try await fixture.provision(rate: Rate(perSecond: 1_000, burst: 20))
        for slice in 0..<6 as Range<UInt64> {
            _ = try fixture.publish((1...100).map { fixture.record(slice * 100 + $0) })
        }
        var taken: [DeliveryID: Int] = [:]
        while taken.count < 600 {
            let handed = try fixture.takeHanded(1)
            for delivery in handed { taken[delivery.id, default: 0] += 1 }
            fixture.report(handed)
        }
        #expect(taken.values.allSatisfy { $0 == 1 })
        #expect(fixture.queue.statistics.parkedDeliveries > 0)
        try fixture.waitForStatistics { $0.pending == 0 && $0.held == 0 }
        fixture.queue.stop()
    }
}
