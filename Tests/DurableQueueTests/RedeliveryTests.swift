import DurableQueue
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct RedeliveryTests {
    private let policy = RetryPolicy(delays: [1], jitterPercent: 0)

    /// Lets everything fail until there are so many dead letters.
    private func kill(_ fixture: QueueFixture, _ count: Int, _ outcome: Outcome = .timedOut) throws {
        while fixture.queue.statistics.deadLettered < count {
            if fixture.handedCount > 0 {
                fixture.report(try fixture.takeHanded(1), outcome, status: outcome == .timedOut ? 0 : 500)
            }
            try fixture.wait(readsStatistics: true) {
                fixture.handedCount > 0 || fixture.queue.statistics.deadLettered >= count
            }
        }
    }

    @Test func aRedeliveryStartsThePolicyAgainAndKeepsTheAttemptRecords() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(retry: policy)
        _ = try fixture!.publish([fixture!.record(1)])
        try kill(fixture!, 1)
        var filter = DeadLetterFilter()
        filter.deliveries = [DeliveryID(position: EventPosition(1), endpoint: EndpointNumber(1))]
        let result = try await fixture!.queue.redeliver(filter)
        #expect(result.deliveries == 1 && result.withoutEndpoint == 0)
        let third = try fixture!.takeHanded(1)
        #expect(third.map(\.attempt) == [3] && third.map(\.trigger) == [.manual])
        #expect(third.map(\.isLastAttempt) == [false])
        fixture!.report(third, .timedOut, status: 0)
        // The round's second and last attempt, over a restart.
        try fixture!.waitForStatistics { $0.retriesScheduled == 2 }
        fixture!.queue.stop()
        fixture = nil
        fixture = try QueueFixture(folder: folder)
        let fourth = try fixture!.takeHanded(1)
        #expect(fourth.map(\.attempt) == [4] && fourth.map(\.trigger) == [.schedule])
        #expect(fourth.map(\.isLastAttempt) == [true])
        fixture!.report(fourth)
        try fixture!.waitForStatistics { $0.delivered == 1 && $0.pending == 0 }
        fixture!.queue.stop()
        fixture = nil
        let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
        let tables = directory.tables
        let delivery = DeliveryID(position: EventPosition(1), endpoint: EndpointNumber(1))
        let (rows, dead) = try directory.environment.read { snapshot throws(LMDBError) in
            (try tables.attempts(of: delivery, in: snapshot), try tables.deadLetters(limit: 9, in: snapshot))
        }
        #expect(rows.map(\.outcome) == [.timedOut, .timedOut, .timedOut, .delivered])
        #expect(rows.map(\.trigger) == [.schedule, .schedule, .manual, .schedule])
        #expect(dead.isEmpty)
    }

    @Test func theSecondRoundAlsoEndsInADeadLetter() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: policy)
        _ = try fixture.publish([fixture.record(1)])
        try kill(fixture, 1)
        _ = try await fixture.queue.redeliver(DeadLetterFilter())
        try kill(fixture, 2)
        #expect(fixture.queue.statistics.attempts == 4)
        let result = try await fixture.queue.redeliver(DeadLetterFilter())
        #expect(result.deliveries == 1)
        #expect(try fixture.takeHanded(1).map(\.trigger) == [.replay])
        fixture.queue.stop()
    }

    @Test func aFilterSelectsOnlyMatchingDeadLetters() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(endpoints: 2, retry: RetryPolicy(delays: []))
        let records = [("order.placed", 1), ("order.paid", 2), ("refund", 3)].map { type, number in
            Sample.recordBytes(id: EventID(high: 5, low: UInt64(number)), type: type)
        }
        _ = try fixture.publish(records)
        let handed = try fixture.takeHanded(6)
        fixture.report(handed.filter { $0.endpoint.name == "e1" }, .timedOut, status: 0)
        fixture.report(handed.filter { $0.endpoint.name == "e2" }, .refusedStatus, status: 500)
        try fixture.waitForStatistics { $0.deadLettered == 6 }

        var filter = DeadLetterFilter()
        filter.tenant = "tenant-1"
        filter.endpoint = "e1"
        filter.types = Subscription([.prefix("order.")])
        filter.outcomes = [.timedOut]
        var unlike = filter
        unlike.outcomes = [.refusedStatus]
        #expect(try await fixture.queue.redeliver(unlike).deliveries == 0)
        unlike = filter
        unlike.until = 1_000
        #expect(try await fixture.queue.redeliver(unlike).deliveries == 0)
        unlike = DeadLetterFilter()
        unlike.events = [EventID(high: 5, low: 4)]
        #expect(try await fixture.queue.redeliver(unlike).deliveries == 0)

        #expect(try await fixture.queue.redeliver(filter).deliveries == 2)
        let again = try fixture.takeHanded(2)
        #expect(again.map(\.event.id.low).sorted() == [1, 2] && again.allSatisfy { $0.endpoint.name == "e1" })
        fixture.report(again)
        filter = DeadLetterFilter()
        filter.events = [EventID(high: 5, low: 3)]
        #expect(try await fixture.queue.redeliver(filter).deliveries == 2)
        fixture.report(try fixture.takeHanded(2))
        try fixture.waitForStatistics { $0.delivered == 4 && $0.pending == 0 && $0.redelivered == 4 }
        fixture.queue.stop()
    }

    @Test func anUnknownNameIsReported() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision()
        var filter = DeadLetterFilter()
        filter.tenant = "nobody"
        let wanted = filter
        await #expect(throws: TenancyError.unknownTenant("nobody")) { _ = try await fixture.queue.redeliver(wanted) }
        filter.tenant = "tenant-1"
        filter.endpoint = "e9"
        let other = filter
        await #expect(throws: TenancyError.unknownEndpoint(tenant: "tenant-1", name: "e9")) {
            _ = try await fixture.queue.redeliver(other)
        }
        fixture.queue.stop()
    }

    @Test func aThousandAreRedeliveredInSlicesAndThoseOfARemovedEndpointStay() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(endpoints: 2, retry: RetryPolicy(delays: []))
        for slice in 0..<10 as Range<UInt64> {
            _ = try fixture.publish((1...100).map { fixture.record(slice * 100 + $0) })
        }
        try kill(fixture, 2_000)
        try await fixture.queue.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
        let commits = fixture.queue.statistics.commits
        let result = try await fixture.queue.redeliver(DeadLetterFilter())
        #expect(result.deliveries == 1_000 && result.withoutEndpoint == 1_000)
        #expect(fixture.queue.statistics.commits - commits >= 4)
        var delivered = 0
        while delivered < 1_000 {
            let handed = try fixture.takeHanded(1)
            delivered += handed.count
            fixture.report(handed)
        }
        try fixture.waitForStatistics { $0.delivered == 1_000 && $0.pending == 0 }
        fixture.queue.stop()
    }
}
