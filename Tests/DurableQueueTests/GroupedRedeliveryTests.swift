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

    // The receiver may have processed the first: by the same id it recognises the second (F13).
    @Test func aDeadBatchThatIsRedeliveredAsAWholeKeepsItsId() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(retry: once, batch: BatchRule(maxEvents: 3, maxWait: 60_000))
        _ = try fixture!.publish((1...6).map { fixture!.record($0) })
        let first = try fixture!.takeHanded(2)
        fixture!.report(first, .timedOut, status: 0)
        try fixture!.waitForStatistics { $0.deadLettered == 6 }
        #expect(try await fixture!.queue.redeliver(DeadLetterFilter()).deliveries == 6)
        let second = try fixture!.takeHanded(2)
        #expect(second.map(\.batch?.id) == first.map(\.batch?.id))
        #expect(second.map { $0.batch?.events.map(\.id.low) } == [[1, 2, 3], [4, 5, 6]])
        #expect(second.allSatisfy { $0.attempt == 2 && $0.trigger == .replay })
        try fixture!.waitForStatistics { $0.pending == 6 && $0.pendingBatched == 4 }
        // It dies once more, and a restart comes between.
        fixture!.report(second, .timedOut, status: 0)
        try fixture!.waitForStatistics { $0.deadLettered == 12 && $0.pending == 0 }
        #expect(try await fixture!.queue.redeliver(DeadLetterFilter()).deliveries == 6)
        fixture!.queue.stop()
        fixture = nil
        fixture = try QueueFixture(folder: folder)
        let third = try fixture!.takeHanded(2)
        #expect(third.map(\.batch?.id) == first.map(\.batch?.id) && third.allSatisfy { $0.attempt == 3 })
        fixture!.report(third)
        try fixture!.waitForStatistics { $0.delivered == 6 && $0.pending == 0 && $0.pendingBatched == 0 }
        fixture!.queue.stop()
    }

    @Test func redeliveredMembersOfADeadBatchFormANewBatch() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: once, batch: BatchRule(maxEvents: 3, maxWait: 60_000))
        _ = try fixture.publish((1...3).map { fixture.record($0) })
        let first = try fixture.takeHanded(1)
        fixture.report(first, .timedOut, status: 0)
        try fixture.waitForStatistics { $0.deadLettered == 3 }
        // Its leader is among those that are chosen, and one of its members is not.
        var filter = DeadLetterFilter()
        filter.deliveries = Set([1, 3].map { DeliveryID(position: EventPosition($0), endpoint: EndpointNumber(1)) })
        #expect(try await fixture.queue.redeliver(filter).deliveries == 2)
        try fixture.waitForStatistics { $0.pendingGathering == 2 }
        #expect(try await fixture.queue.redeliver(DeadLetterFilter()).deliveries == 1)
        let second = try fixture.takeHanded(1)
        #expect(second[0].batch?.events.map(\.id.low) == [1, 2, 3])
        #expect(second[0].batch?.id != first[0].batch?.id && second[0].attempt == 2 && second[0].trigger == .manual)
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
