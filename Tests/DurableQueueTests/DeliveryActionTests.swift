import DurableQueue
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

/// Delivering one delivery again, and cancelling one.
@Suite struct DeliveryActionTests {
    private func delivery(_ position: UInt64) -> DeliveryID {
        DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(1))
    }

    @Test func aFailureOfARedeliveryDoesNotCountAgainstTheEndpoint() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: RetryPolicy(delays: [60_000], jitterPercent: 0))
        _ = try fixture.publish([fixture.record(1)])
        fixture.report(try fixture.takeHanded(1))
        try fixture.waitForStatistics { $0.delivered == 1 }
        #expect(try await fixture.queue.perform(.redeliver, on: delivery(1)) == .done)
        let again = try fixture.takeHanded(1)
        #expect(again.map(\.attempt) == [2] && again.map(\.trigger) == [.manual])
        fixture.report(again, .gone, status: 410)
        try fixture.waitForStatistics { $0.attempts == 2 }
        let row = try #require(fixture.queue.tenancy.endpoints.first?.value)
        #expect(row.failing == nil && row.disabled == nil)
        _ = try fixture.publish([fixture.record(2)])
        fixture.report(try fixture.takeHanded(1), .refusedStatus, status: 500)
        try fixture.waitForStatistics { $0.attempts == 3 }
        #expect(fixture.queue.tenancy.endpoints.first?.value.failing != nil)
        fixture.queue.stop()
    }

    @Test func whatASenderHoldsIsNotCancelledAndARetryIs() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: RetryPolicy(delays: [60_000], jitterPercent: 0))
        _ = try fixture.publish([fixture.record(1)])
        let handed = try fixture.takeHanded(1)
        #expect(try await fixture.queue.perform(.cancel, on: delivery(1)) == .held)
        #expect(try await fixture.queue.perform(.redeliver, on: delivery(1)) == .wrongState)
        #expect(try await fixture.queue.perform(.cancel, on: delivery(9)) == .unknown)
        fixture.report(handed, .refusedStatus, status: 500)
        #expect(try await fixture.queue.perform(.cancel, on: delivery(1)) == .done)
        #expect(try await fixture.queue.perform(.cancel, on: delivery(1)) == .wrongState)
        try fixture.waitForStatistics { $0.cancelled == 1 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func aCancelledHeadLetsTheNextOfItsKeyGo() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(
            retry: RetryPolicy(delays: [60_000], jitterPercent: 0), order: .byKey(onDeadLetter: .skip))
        _ = try fixture.publish((1...3).map { fixture.record($0, key: "k") })
        fixture.report(try fixture.takeHanded(1), .refusedStatus, status: 500)
        // The second waits behind the first, the third behind both.
        #expect(try await fixture.queue.perform(.cancel, on: delivery(2)) == .done)
        #expect(fixture.handedCount == 0)
        #expect(try await fixture.queue.perform(.cancel, on: delivery(1)) == .done)
        let next = try fixture.takeHanded(1)
        #expect(next.map(\.event.position.value) == [3])
        fixture.report(next)
        try fixture.waitForStatistics { $0.delivered == 1 && $0.cancelled == 2 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func whatWaitsInMemoryIsCancelled() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision()
        _ = try fixture.publish([fixture.record(1)])
        fixture.giveBack(try fixture.takeHanded(1), pause: 60_000)
        #expect(try await fixture.queue.perform(.cancel, on: delivery(1)) == .done)
        try fixture.waitForStatistics { $0.cancelled == 1 && $0.pending == 0 && $0.inLots == 0 }
        #expect(fixture.handedCount == 0)
        fixture.queue.stop()
    }
}
