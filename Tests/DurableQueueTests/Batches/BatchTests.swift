import DurableQueue
import Glibc
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import Threading
import WebhookModel

@Suite struct BatchTests {
    private let three = BatchRule(maxEvents: 3, maxWait: 60_000)
    private let once = RetryPolicy(delays: [], jitterPercent: 0)

    private func numbers(_ delivery: DueDelivery) -> [UInt64] { (delivery.batch?.events ?? []).map(\.id.low) }

    private func publish(_ fixture: QueueFixture, _ numbers: ClosedRange<UInt64>) throws {
        _ = try fixture.publish(numbers.map { fixture.record($0) })
    }

    @Test func enoughEventsFormABatchAndTheOthersWait() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(batch: three)
        try publish(fixture, 1...7)
        let handed = try fixture.takeHanded(2)
        #expect(handed.map(numbers) == [[1, 2, 3], [4, 5, 6]])
        #expect(Set(handed.map(\.batch!.id)).count == 2)
        #expect(handed.map(\.id.position.value) == [1, 4])
        #expect(handed[0].heldBytes == 3 * fixture.record(1).count)
        try fixture.waitForStatistics { $0.pending == 7 && $0.pendingGathering == 1 && $0.pendingBatched == 4 }
        fixture.report(handed)
        try fixture.waitForStatistics { $0.delivered == 6 && $0.attempts == 2 && $0.pending == 1 && $0.held == 0 }
        fixture.queue.stop()
    }

    @Test func aBatchIsFormedByBytesOrByTime() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(batch: BatchRule(maxEvents: 100, maxBytes: 4_000, maxWait: 50))
        let began = Instant.now().wallMilliseconds
        // Each takes some 3,300 bytes at most, so two are too many; the last is larger than a body may be, and goes alone.
        _ = try fixture.publish([
            fixture.record(1, payload: 2_000), fixture.record(2, payload: 2_000), fixture.record(3, payload: 9_000),
        ])
        let handed = try fixture.takeHanded(3)
        #expect(handed.map(numbers) == [[1], [2], [3]])
        try publish(fixture, 4...5)
        let late = try fixture.takeHanded(1)
        #expect(late.map(numbers) == [[4, 5]])
        #expect(Instant.now().wallMilliseconds >= began + 49)
        fixture.queue.stop()
    }

    @Test func aRetryHasTheSameMembersAndIdAlsoAfterARestart() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(retry: RetryPolicy(delays: [1, 1, 1], jitterPercent: 0), batch: three)
        try publish(fixture!, 1...5)
        let first = try fixture!.takeHanded(1)
        fixture!.report(first, .timedOut, status: 0)
        let second = try fixture!.takeHanded(1)
        try publish(fixture!, 6...6)
        #expect(second[0].batch!.id == first[0].batch!.id && second[0].attempt == 2)
        fixture!.queue.stop()
        fixture = nil
        fixture = try QueueFixture(folder: folder)
        #expect(fixture!.queue.statistics.pending == 6)
        var batches: [[UInt64]: DueDelivery] = [:]
        while batches.count < 2 { for delivery in try fixture!.takeHanded(1) { batches[numbers(delivery)] = delivery } }
        #expect(batches[[1, 2, 3]]?.batch?.id == first[0].batch!.id && batches[[1, 2, 3]]?.attempt == 2)
        #expect(batches[[4, 5, 6]]?.attempt == 1)
        fixture!.report(Array(batches.values))
        try fixture!.waitForStatistics { $0.delivered == 6 && $0.pending == 0 }
        fixture!.queue.stop()
    }

    @Test func eachMemberOfADeadBatchIsADeadLetter() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(retry: once, batch: three)
        try publish(fixture!, 1...3)
        fixture!.report(try fixture!.takeHanded(1), .refusedStatus, status: 500)
        try fixture!.waitForStatistics { $0.deadLettered == 3 && $0.pending == 0 }
        fixture!.queue.stop()
        fixture = nil
        let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
        try directory.environment.read { snapshot in
            let letters = try directory.tables.deadLetters(limit: 10, in: snapshot)
            #expect(letters.map(\.delivery.position.value) == [1, 2, 3])
            #expect(letters.allSatisfy { $0.status == 500 && $0.attempts == 1 })
            for letter in letters {
                let row = try directory.tables.delivery(letter.delivery, in: snapshot)
                #expect(row?.state == .deadLettered && row?.bond == .batch(leader: EventPosition(1)))
            }
            let attempts = try directory.tables.attempts(of: letters[0].delivery, in: snapshot)
            #expect(attempts.count == 1)
        }
    }

    @Test func aFailedCommitThatWouldCompleteABatchLosesNothing() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(batch: three)
        try publish(fixture!, 1...2)
        fixture!.faults.failCommits(with: EIO)
        // The third would complete the batch: its commit is in doubt, and it was not stored.
        #expect(fixture!.queue.intake.offer(fixture!.makeBatch([fixture!.record(3)])) {})
        try fixture!.wait { fixture!.fatal.withLock { $0 } != nil }
        fixture!.queue.stop()
        fixture = nil
        fixture = try QueueFixture(folder: folder)
        try publish(fixture!, 3...3)
        #expect(try fixture!.takeHanded(1).map(numbers) == [[1, 2, 3]])
        fixture!.queue.stop()
    }

    @Test func aFullDiskLosesNothing() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(batch: BatchRule(maxEvents: 3, maxWait: 20))
        try publish(fixture, 1...3)
        let first = try fixture.takeHanded(1)
        fixture.faults.failCommits(with: ENOSPC)
        let refused = try fixture.publish([fixture.record(4)])
        #expect(refused.drafts.map(\.result) == [.storageFull])
        fixture.report(first)
        try fixture.waitForStatistics { $0.failedCommits > 2 }
        fixture.faults.failCommits(with: nil)
        try fixture.wait { try fixture.publish([fixture.record(5)]).drafts[0].result == .accepted }
        #expect(try fixture.takeHanded(1).map(numbers) == [[5]])
        try fixture.waitForStatistics { $0.delivered == 3 && $0.pending == 1 }
        fixture.queue.stop()
    }

    @Test func aDelayedEventJoinsABatchWhenItIsDue() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(batch: BatchRule(maxEvents: 2, maxWait: 60_000))
        let at = Instant.now().wallMilliseconds + 200
        _ = try fixture.publish([fixture.record(1, deliverAt: at), fixture.record(2)])
        let handed = try fixture.takeHanded(1)
        #expect(handed.map(numbers) == [[1, 2]])
        #expect(Instant.now().wallMilliseconds >= at - 1)
        fixture.queue.stop()
    }

    @Test func turningBatchesOffSendsWaitingEventsAloneAndKeepsFormedBatches() async throws {
        let fixture = try QueueFixture()
        let retry = RetryPolicy(delays: [1, 1], jitterPercent: 0)
        try await fixture.provision(retry: retry, batch: three)
        try publish(fixture, 1...5)
        let fixed = try fixture.takeHanded(1)
        try await fixture.provision(retry: retry)
        let alone = try fixture.takeHanded(2)
        #expect(alone.map(\.event.id.low) == [4, 5] && alone.allSatisfy { $0.batch == nil })
        fixture.report(fixed, .timedOut, status: 0)
        let again = try fixture.takeHanded(1)
        #expect(again[0].batch?.id == fixed[0].batch?.id && numbers(again[0]) == [1, 2, 3])
        fixture.report(again + alone)
        try fixture.waitForStatistics { $0.delivered == 5 && $0.pending == 0 && $0.pendingBatched == 0 }
        fixture.queue.stop()
    }

    @Test func turningBatchesOnGathersWaitingDeliveries() async throws {
        let fixture = try QueueFixture(configuration: QueueConfiguration(diskReserveBytes: 0, lotLimit: 100))
        try await fixture.provision()
        for slice in 0..<4 as Range<UInt64> { try publish(fixture, slice * 100 + 1...slice * 100 + 100) }
        // 32 are out, the rest waits in the lot or parked.
        let out = try fixture.takeHanded(32)
        try await fixture.provision(batch: BatchRule(maxEvents: 50, maxWait: 30))
        fixture.report(out)
        var seen = Set(out.map(\.event.id.low))
        while seen.count < 400 {
            let handed = try fixture.takeHanded(1)
            for delivery in handed {
                let members = numbers(delivery)
                #expect(members.count <= 50 && !members.isEmpty && seen.isDisjoint(with: members))
                seen.formUnion(members)
            }
            fixture.report(handed)
        }
        try fixture.waitForStatistics { $0.delivered == 400 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func removingTheEndpointMakesDeadLettersOfBatchMembersAndWaitingEvents() async throws {
        let fixture = try QueueFixture(configuration: .withoutHold())
        // The last two events wait for a third as long as the rule says, and are given up then.
        try await fixture.provision(batch: BatchRule(maxEvents: 3, maxWait: 50))
        for slice in 0..<50 as Range<UInt64> { try publish(fixture, slice * 100 + 1...slice * 100 + 100) }
        let out = try fixture.takeHanded(32)
        try await fixture.queue.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
        try fixture.waitForStatistics { $0.deadLettered == 5_000 - out.reduce(0) { $0 + $1.eventCount } }
        fixture.report(out, .timedOut, status: 0)
        try fixture.waitForStatistics { $0.deadLettered == 5_000 && $0.pending == 0 && $0.pendingBatched == 0 }
        fixture.queue.stop()
    }

    @Test func anUnreadableMemberIsADeadLetterAndTheOthersFormANewBatch() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(batch: BatchRule(maxEvents: 3, maxWait: 50))
        _ = try fixture!.publish([fixture!.record(1), fixture!.record(35, payload: 500), fixture!.record(3)])
        let first = try fixture!.takeHanded(1)
        fixture!.queue.stop()
        fixture = nil
        try DamagedFile.flip(run: [UInt8](repeating: 35, count: 500), in: folder.path + "/data/data.mdb")
        fixture = try QueueFixture(folder: folder)
        let second = try fixture!.takeHanded(1)
        #expect(second.map(numbers) == [[1, 3]])
        #expect(second[0].batch!.id != first[0].batch!.id)
        fixture!.report(second)
        try fixture!.waitForStatistics { $0.quarantined == 1 && $0.delivered == 2 && $0.pending == 0 }
        fixture!.queue.stop()
    }

    @Test func batchesAreRemovedWithTheirEvents() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(batch: three)
        try publish(fixture!, 1...6)
        fixture!.report(try fixture!.takeHanded(2))
        try fixture!.waitForStatistics { $0.delivered == 6 }
        fixture!.queue.stop()
        fixture = nil
        let brief = QueueConfiguration(diskReserveBytes: 0, retention: 1)
        fixture = try QueueFixture(folder: folder, configuration: brief)
        try fixture!.waitForStatistics { $0.removedEvents == 6 }
        fixture!.queue.stop()
        fixture = nil
        #expect(
            try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20).recover().endpointsWithBatches == [])
    }
}
