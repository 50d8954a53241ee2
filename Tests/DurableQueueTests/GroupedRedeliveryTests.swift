import DurableQueue
import Scheduling
import TestSupport
import Testing
import WebhookModel

/// Redelivery of dead letters that have an ordering key or belonged to a batch.
@Suite struct GroupedRedeliveryTests {
    private let once = RetryPolicy(delays: [], jitterPercent: 0)

    @Test func aRedeliveredDeadLetterThatHoldsItsKeyGoesFirst() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(retry: once, order: .byKey(onDeadLetter: .hold))
        _ = try fixture!.publish((1...3).map { fixture!.record($0, key: "a") })
        fixture!.report(try fixture!.takeHanded(1), .timedOut, status: 0)
        try fixture!.waitForStatistics { $0.heldKeys == 1 }
        #expect(try await fixture!.queue.redeliver(DeadLetterFilter()).deliveries == 1)
        let again = try fixture!.takeHanded(1)
        #expect(again.map(\.event.id.low) == [1] && again.map(\.attempt) == [2])
        try fixture!.waitForStatistics { $0.heldKeys == 0 && $0.pendingBehind == 2 }
        // It fails once more: the key is held again, also over a restart.
        fixture!.report(again, .timedOut, status: 0)
        try fixture!.waitForStatistics { $0.heldKeys == 1 }
        fixture!.queue.stop()
        fixture = nil
        fixture = try QueueFixture(folder: folder)
        _ = try await fixture!.queue.redeliver(DeadLetterFilter())
        for number in 1...3 as ClosedRange<UInt64> {
            let handed = try fixture!.takeHanded(1)
            #expect(handed.map(\.event.id.low) == [number])
            fixture!.report(handed)
        }
        try fixture!.waitForStatistics { $0.delivered == 3 && $0.pending == 0 && $0.heldKeys == 0 }
        fixture!.queue.stop()
    }

    @Test func redeliveredDeadLettersOfAKeyGoOneByOneAfterItsHead() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: once, order: .byKey(onDeadLetter: .skip))
        _ = try fixture.publish((1...3).map { fixture.record($0, key: "a") })
        for _ in 1...2 { fixture.report(try fixture.takeHanded(1), .timedOut, status: 0) }
        let third = try fixture.takeHanded(1)
        #expect(try await fixture.queue.redeliver(DeadLetterFilter()).deliveries == 2)
        try fixture.waitForStatistics { $0.pendingBehind == 2 }
        fixture.report(third)
        for number in 1...2 as ClosedRange<UInt64> {
            let handed = try fixture.takeHanded(1)
            #expect(handed.map(\.event.id.low) == [number])
            fixture.report(handed)
        }
        try fixture.waitForStatistics { $0.delivered == 3 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func redeliveriesAfterOrderingWasTurnedOffLeaveNoStateOfTheKey() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: once, order: .byKey(onDeadLetter: .skip))
        _ = try fixture.publish((1...2).map { fixture.record($0, key: "a") })
        for _ in 1...2 { fixture.report(try fixture.takeHanded(1), .timedOut, status: 0) }
        try fixture.waitForStatistics { $0.deadLettered == 2 }
        try await fixture.provision(retry: once)
        #expect(try await fixture.queue.redeliver(DeadLetterFilter()).deliveries == 2)
        for _ in 1...2 { fixture.report(try fixture.takeHanded(1)) }
        try fixture.waitForStatistics { $0.delivered == 2 && $0.pending == 0 }
        // The key is free for an order that begins anew.
        try await fixture.provision(retry: once, order: .byKey(onDeadLetter: .hold))
        _ = try fixture.publish([fixture.record(3, key: "a")])
        #expect(try fixture.takeHanded(1).map(\.event.id.low) == [3])
        fixture.queue.stop()
    }

    @Test func redeliveredMembersOfADeadBatchFormANewBatch() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: once, batch: BatchRule(maxEvents: 3, maxWait: 60_000))
        _ = try fixture.publish((1...3).map { fixture.record($0) })
        let first = try fixture.takeHanded(1)
        fixture.report(first, .timedOut, status: 0)
        try fixture.waitForStatistics { $0.deadLettered == 3 }
        #expect(try await fixture.queue.redeliver(DeadLetterFilter()).deliveries == 3)
        let second = try fixture.takeHanded(1)
        #expect(second[0].batch?.events.map(\.id.low) == [1, 2, 3])
        #expect(second[0].batch?.id != first[0].batch?.id && second[0].attempt == 2 && second[0].trigger == .replay)
        fixture.report(second)
        try fixture.waitForStatistics { $0.delivered == 3 && $0.pending == 0 && $0.pendingBatched == 0 }
        fixture.queue.stop()
    }

    @Test func theBacklogCountsDeliveriesBehindAHeadAndInABatchAlsoAfterARestart() async throws {
        let folder = TemporaryDirectory()
        var tenant = Tenant.Settings()
        tenant.backlog = 10
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(order: .byKey(onDeadLetter: .skip), of: tenant)
        try await fixture!.provision(tenant: "tenant-2", batch: BatchRule(maxEvents: 4, maxWait: 60_000), of: tenant)
        _ = try fixture!.publish((1...10).map { fixture!.record($0, key: "a") })
        _ = try fixture!.publish((1...10).map { fixture!.record($0) }, tenant: 2)
        for round in 1...2 {
            for number in [1, 2] as [UInt32] {
                let refused = try fixture!.publish([fixture!.record(99)], tenant: number)
                #expect(refused.drafts.map(\.result) == [.throttled], "round \(round), tenant \(number)")
            }
            guard round == 1 else { break }
            fixture!.queue.stop()
            fixture = nil
            fixture = try QueueFixture(folder: folder)
        }
        // Two batches and a head: what they free is taken again.
        let out = try fixture!.takeHanded(3)
        fixture!.report(out)
        try fixture!.waitForStatistics { $0.delivered == 9 }
        for number in [1, 2] as [UInt32] {
            #expect(
                try fixture!.publish([fixture!.record(99, key: "b")], tenant: number).drafts.map(\.result) == [
                    .accepted
                ])
        }
        fixture!.queue.stop()
    }
}
