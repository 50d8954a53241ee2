import DurableQueue
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import Threading
import WebhookModel

@Suite struct OrderingTests {
    private let skip = DeliveryOrder.byKey(onDeadLetter: .skip)
    private let hold = DeliveryOrder.byKey(onDeadLetter: .hold)
    private let once = RetryPolicy(delays: [], jitterPercent: 0)

    private func numbers(_ deliveries: [DueDelivery]) -> [UInt64] { deliveries.map(\.event.id.low).sorted() }

    /// Publishes events 1, 2, … with these keys.
    private func publish(_ fixture: QueueFixture, _ keys: String...) throws {
        _ = try fixture.publish(keys.enumerated().map { fixture.record(UInt64($0.offset + 1), key: $0.element) })
    }

    @Test func oneDeliveryOfAKeyIsOutAndTheOthersFollowInCommitOrder() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(order: skip)
        try publish(fixture, "a", "a", "b", "a", "", "")
        // Both without a key, and the first of each key.
        let first = try fixture.takeHanded(4)
        #expect(numbers(first) == [1, 3, 5, 6])
        try fixture.waitForStatistics { $0.pendingBehind == 2 && $0.pending == 6 }
        fixture.report(first.filter { $0.event.id.low == 1 })
        let second = try fixture.takeHanded(1)
        #expect(numbers(second) == [2])
        fixture.report(first.filter { $0.event.id.low != 1 } + second)
        fixture.report(try fixture.takeHanded(1))
        try fixture.waitForStatistics { $0.delivered == 6 && $0.pending == 0 && $0.pendingBehind == 0 }
        // The keys are free again.
        _ = try fixture.publish([fixture.record(7, key: "a")])
        #expect(numbers(try fixture.takeHanded(1)) == [7])
        fixture.queue.stop()
    }

    @Test func aFailingHeadBlocksItsOwnKeyOnlyAndADeadLetterIsSkipped() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: RetryPolicy(delays: [1, 1], jitterPercent: 0), order: skip)
        try publish(fixture, "a", "a", "b", "b")
        var b: [UInt64] = []
        var attempts = 0
        while attempts < 3 || b.count < 2 {
            for delivery in try fixture.takeHanded(1) {
                if delivery.event.id.low <= 2 {
                    #expect(delivery.event.id.low == 1)
                    attempts += 1
                    fixture.report([delivery], .refusedStatus, status: 500)
                } else {
                    b.append(delivery.event.id.low)
                    fixture.report([delivery])
                }
            }
        }
        #expect(b == [3, 4])
        #expect(numbers(try fixture.takeHanded(1)) == [2])
        try fixture.waitForStatistics { $0.deadLettered == 1 }
        fixture.queue.stop()
    }

    @Test func aHeldKeyWaitsOverARestartUntilItIsReleased() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(retry: once, order: hold)
        try publish(fixture!, "a", "a", "b", "a")
        let first = try fixture!.takeHanded(2)
        fixture!.report(first.filter { $0.event.id.low == 1 }, .refusedStatus, status: 500)
        try fixture!.waitForStatistics { $0.heldKeys == 1 && $0.pendingBehind == 2 }
        fixture!.queue.stop()
        fixture = nil

        fixture = try QueueFixture(folder: folder)
        // "b" was not reported; "a" is held.
        #expect(numbers(try fixture!.takeHanded(1)) == [3])
        _ = try fixture!.publish([fixture!.record(9, key: "a"), fixture!.record(10, key: "c")])
        #expect(numbers(try fixture!.takeHanded(1)) == [10])
        #expect(fixture!.queue.statistics.heldKeys == 1)
        let none = try await fixture!.queue.releaseKeys(tenant: "tenant-1", endpoint: "e1", orderingKey: "b")
        let one = try await fixture!.queue.releaseKeys(tenant: "tenant-1", endpoint: "e1", orderingKey: "a")
        #expect(none == 0 && one == 1)
        for number in [2, 4, 9] as [UInt64] {
            let handed = try fixture!.takeHanded(1)
            #expect(numbers(handed) == [number])
            fixture!.report(handed)
        }
        try fixture!.waitForStatistics { $0.heldKeys == 0 && $0.pendingBehind == 0 }
        fixture!.queue.stop()
    }

    @Test func aRedeliveredDeadLetterThatHeldItsKeyIsHeadAgain() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: once, order: hold)
        try publish(fixture, "a", "a", "b")
        let first = try fixture.takeHanded(2)
        fixture.report(first, .timedOut, status: 0)
        try fixture.waitForStatistics { $0.heldKeys == 2 && $0.pendingBehind == 1 && $0.pending == 1 }
        let result = try await fixture.queue.redeliver(DeadLetterFilter())
        #expect(result.deliveries == 2)
        let again = try fixture.takeHanded(2)
        #expect(numbers(again) == [1, 3])
        try fixture.waitForStatistics { $0.heldKeys == 0 && $0.pendingBehind == 1 && $0.pending == 3 }
        fixture.report(again)
        let last = try fixture.takeHanded(1)
        #expect(numbers(last) == [2])
        fixture.report(last)
        try fixture.waitForStatistics { $0.delivered == 3 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func aRedeliveredDeadLetterStandsBehindTheHeadOfItsKey() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: once, order: skip)
        try publish(fixture, "a", "a", "a")
        fixture.report(try fixture.takeHanded(1), .timedOut, status: 0)
        let second = try fixture.takeHanded(1)
        #expect(numbers(second) == [2])
        _ = try await fixture.queue.redeliver(DeadLetterFilter())
        try fixture.waitForStatistics { $0.pendingBehind == 2 && $0.pending == 3 }
        fixture.report(second)
        // Commit order counts among those that wait.
        for number in [1, 3] as [UInt64] {
            let handed = try fixture.takeHanded(1)
            #expect(numbers(handed) == [number])
            fixture.report(handed)
        }
        try fixture.waitForStatistics { $0.delivered == 3 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func changingToSkipReleasesTheHeldKeys() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(retry: once, order: hold)
        try publish(fixture, "a", "a", "b", "b")
        fixture.report(try fixture.takeHanded(2), .timedOut, status: 0)
        try fixture.waitForStatistics { $0.heldKeys == 2 && $0.pendingBehind == 2 }
        try await fixture.provision(retry: once, order: skip)
        #expect(numbers(try fixture.takeHanded(2)) == [2, 4])
        try fixture.waitForStatistics { $0.heldKeys == 0 && $0.pendingBehind == 0 && $0.pending == 2 }
        fixture.queue.stop()
    }

    @Test func turningOrderingOffSendsEverythingThatWaitedBehind() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(order: skip)
        try publish(fixture!, "a", "a", "a", "b", "a")
        let heads = try fixture!.takeHanded(2)
        #expect(numbers(heads) == [1, 4])
        try await fixture!.provision()
        #expect(numbers(try fixture!.takeHanded(3)) == [2, 3, 5])
        try fixture!.waitForStatistics { $0.pendingBehind == 0 }
        fixture!.report(heads)
        _ = try fixture!.publish([fixture!.record(6, key: "a"), fixture!.record(7, key: "a")])
        #expect(try fixture!.takeHanded(2).count == 2)
        fixture!.queue.stop()
        fixture = nil
        fixture = try QueueFixture(folder: folder)
        // Nothing of the order is left: five wait, unordered.
        #expect(numbers(try fixture!.takeHanded(5)) == [2, 3, 5, 6, 7])
        fixture!.queue.stop()
    }

    @Test func aRestartFinishesAnInterruptedChangeOfOrdering() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(order: skip)
        try publish(fixture!, "a", "a", "a")
        #expect(numbers(try fixture!.takeHanded(1)) == [1])
        fixture!.queue.stop()
        fixture = nil
        // The change is durable, and nothing that it asks for was done.
        do {
            let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
            var row = try #require(try directory.recover().endpoints.first)
            row.value.settings.order = .none
            let transaction = try directory.environment.beginWrite()
            try directory.tables.put(row, in: transaction)
            try transaction.commit()
        }
        fixture = try QueueFixture(folder: folder)
        #expect(numbers(try fixture!.takeHanded(3)) == [1, 2, 3])
        try fixture!.waitForStatistics { $0.pendingBehind == 0 }
        fixture!.queue.stop()
    }

    @Test func removingTheEndpointMakesDeadLettersOfDeliveriesBehindTheirHeads() async throws {
        let fixture = try QueueFixture(configuration: .withoutHold())
        try await fixture.provision(order: hold)
        for slice in 0..<50 as Range<UInt64> {
            _ = try fixture.publish((1...100).map { fixture.record(slice * 100 + $0, key: "\($0 % 3)") })
        }
        let heads = try fixture.takeHanded(3)
        try await fixture.queue.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
        try fixture.waitForStatistics { $0.deadLettered == 4_997 && $0.pendingBehind == 0 }
        fixture.report(heads, .timedOut, status: 0)
        try fixture.waitForStatistics { $0.deadLettered == 5_000 && $0.pending == 0 && $0.heldKeys == 0 }
        fixture.queue.stop()
    }

    @Test func aDelayedHeadBlocksItsKey() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(order: skip)
        let at = Instant.now().wallMilliseconds + 200
        _ = try fixture.publish([
            fixture.record(1, deliverAt: at, key: "a"), fixture.record(2, key: "a"), fixture.record(3, key: "b"),
        ])
        #expect(numbers(try fixture.takeHanded(1)) == [3])
        let head = try fixture.takeHanded(1)
        #expect(numbers(head) == [1])
        #expect(Instant.now().wallMilliseconds >= at - 1)
        fixture.report(head)
        #expect(numbers(try fixture.takeHanded(1)) == [2])
        fixture.queue.stop()
    }

    @Test func aDelayedDeliveryThatBecomesHeadWaitsForItsTime() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(order: skip)
        let at = Instant.now().wallMilliseconds + 300
        _ = try fixture.publish([
            fixture.record(1, key: "a"), fixture.record(2, deliverAt: at, key: "a"), fixture.record(3, key: "a"),
        ])
        fixture.report(try fixture.takeHanded(1))
        let second = try fixture.takeHanded(1)
        #expect(numbers(second) == [2])
        #expect(Instant.now().wallMilliseconds >= at - 1)
        fixture.report(second)
        #expect(numbers(try fixture.takeHanded(1)) == [3])
        fixture.queue.stop()
    }

    @Test func anExpiredDeadLetterReleasesItsKey() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(retry: once, order: hold)
        try publish(fixture!, "a", "a")
        fixture!.report(try fixture!.takeHanded(1), .timedOut, status: 0)
        try fixture!.waitForStatistics { $0.heldKeys == 1 }
        fixture!.queue.stop()
        fixture = nil
        let brief = QueueConfiguration(diskReserveBytes: 0, retention: 1, deadLetterRetention: 1)
        fixture = try QueueFixture(folder: folder, configuration: brief)
        #expect(numbers(try fixture!.takeHanded(1)) == [2])
        try fixture!.waitForStatistics { $0.removedEvents == 1 && $0.heldKeys == 0 }
        fixture!.queue.stop()
    }

    @Test func aDamagedHeadBecomesADeadLetterAndTheNextDeliveryFollows() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(order: skip)
        _ = try fixture!.publish([fixture!.record(33, payload: 500, key: "a"), fixture!.record(2, key: "a")])
        #expect(numbers(try fixture!.takeHanded(1)) == [33])
        fixture!.queue.stop()
        fixture = nil
        try DamagedFile.flip(run: [UInt8](repeating: 33, count: 500), in: folder.path + "/data/data.mdb")
        fixture = try QueueFixture(folder: folder)
        #expect(numbers(try fixture!.takeHanded(1)) == [2])
        try fixture!.waitForStatistics { $0.quarantined == 1 && $0.pendingBehind == 0 }
        fixture!.queue.stop()
    }
}
