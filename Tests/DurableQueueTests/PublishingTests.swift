import DurableQueue
import Glibc
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import Threading
import WebhookModel

@Suite struct PublishingTests {
    @Test func anEventIsAnsweredAfterItsCommitAndHandedToEveryMatchingEndpoint() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(endpoints: 3)
        let batch = try fixture.publish([fixture.record(1), fixture.record(2)])
        #expect(batch.drafts.map(\.result) == [.accepted, .accepted])
        #expect(batch.commit > 0)
        let handed = try fixture.takeHanded(6)
        #expect(handed.map(\.endpoint.name).sorted() == ["e1", "e1", "e2", "e2", "e3", "e3"])
        #expect(handed.allSatisfy { $0.attempt == 1 })
        #expect(handed.first?.event.bytes == fixture.record(1))
        fixture.queue.stop()
    }

    // F24: an event that its producer stamped anew was a CONFLICT.
    @Test func theTimesOfAnEventDoNotCountWhenItIsPublishedAgain() throws {
        let fixture = try WriterFixture()
        try fixture.provision()
        let later = fixture.now + 5_000
        let first = fixture.publish([1])
        let again = fixture.publish([1], deliverAt: later)
        let other = fixture.publish([1], deliverAt: later, payload: 9)
        try fixture.settle()
        #expect(first.drafts.map(\.result) == [.accepted])
        #expect(again.drafts.map(\.result) == [.duplicate])
        #expect(other.drafts.map(\.result) == [.conflict])
        // The first one's time holds.
        #expect(fixture.takeHanded().count == 1)
        let delayed = fixture.publish([2], deliverAt: later)
        let atOnce = fixture.publish([2])
        try fixture.settle()
        #expect(delayed.drafts.map(\.result) == [.accepted] && atOnce.drafts.map(\.result) == [.duplicate])
        #expect(fixture.takeHanded().isEmpty)
    }

    @Test func onlyTheTimesAreLeftOut() {
        func record(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var bytes = Sample.recordBytes(id: EventID(high: 1, low: 2), orderingKey: "k", payload: [1, 2, 3])
            change(&bytes)
            return bytes
        }
        let known = record { _ in }
        for index in known.indices {
            let changed = record { $0[index] ^= 1 }
            let isSame = known.withUnsafeBytes { one in
                changed.withUnsafeBytes { EventRecord.haveSameContent(one, $0) }
            }
            #expect(isSame == (16..<32).contains(index), "byte \(index)")
        }
    }

    @Test func theSameContentIsADuplicateAndOtherContentAConflict() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision()
        _ = try fixture.publish([fixture.record(1)])
        let again = try fixture.publish([
            fixture.record(1), fixture.record(1, payload: 9), fixture.record(2), fixture.record(2),
        ])
        #expect(again.drafts.map(\.result) == [.duplicate, .conflict, .accepted, .duplicate])
        #expect(try fixture.takeHanded(2).count == 2)
        fixture.queue.stop()
    }

    @Test func eventsWithoutAnEndpointAndOfUnknownOrDisabledTenantsGetTheirStatus() async throws {
        let fixture = try QueueFixture()
        try await fixture.queue.change([
            .putTenant(name: "tenant-1", enabled: true, origin: .api),
            .putTenant(name: "tenant-2", enabled: false, origin: .api),
        ])
        #expect(try fixture.publish([fixture.record(1)]).drafts.map(\.result) == [.acceptedNoMatch])
        #expect(try fixture.publish([fixture.record(2)], tenant: 2).drafts.map(\.result) == [.tenantDisabled])
        #expect(try fixture.publish([fixture.record(3)], tenant: 3).drafts.map(\.result) == [.unknownTenant])
        fixture.queue.stop()
    }

    @Test func anEventThatTheSessionRefusedKeepsItsStatus() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision()
        let batch = fixture.makeBatch([fixture.record(1), fixture.record(2)])
        batch.drafts[0].result = .forbidden
        _ = fixture.queue.intake.offer(batch) {}
        _ = try fixture.publish([fixture.record(3)])
        #expect(batch.drafts.map(\.result) == [.forbidden, .accepted])
        fixture.queue.stop()
    }

    @Test func aFullDiskRefusesEventsWithAStatusUntilThereIsSpace() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision()
        _ = try fixture.publish([fixture.record(1)])
        let first = try fixture.takeHanded(1)
        fixture.faults.failCommits(with: ENOSPC)
        let refused = try fixture.publish([fixture.record(2)])
        #expect(refused.drafts.map(\.result) == [.storageFull])
        #expect(refused.drafts.first.map { $0.retryAfter > 0 } == true)
        // The outcome of a delivery that ends meanwhile is kept until it can be written.
        fixture.report(first)
        try fixture.waitForStatistics { $0.failedCommits >= 3 && $0.refusal != nil }
        fixture.faults.failCommits(with: nil)
        try fixture.waitForStatistics { $0.delivered == 1 }
        try fixture.waitForStatistics { $0.refusal == nil }
        #expect(try fixture.publish([fixture.record(2)]).drafts.map(\.result) == [.accepted])
        #expect(fixture.fatal.withLock { $0 } == nil)
        fixture.queue.stop()
    }

    @Test func aCommitInDoubtStopsTheQueueAndAnswersNothing() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision()
        fixture.faults.failCommits(with: EIO)
        let batch = fixture.makeBatch([fixture.record(1)])
        #expect(fixture.queue.intake.offer(batch) {})
        try fixture.wait { fixture.fatal.withLock { $0 } != nil }
        #expect(batch.drafts.map(\.result) == [.undecided])
        fixture.queue.stop()
    }

    @Test func aFullMapRefusesEventsAndDeliveriesContinue() async throws {
        let fixture = try QueueFixture(mapBytes: 4 << 20)
        try await fixture.provision()
        var number: UInt64 = 0
        var results: Set<EventResult> = []
        while !results.contains(.storageFull), number < 4_000 {
            number += 10
            let records = (number..<number + 10).map { fixture.record($0, payload: 2_000) }
            results.formUnion(try fixture.publish(records).drafts.map(\.result))
        }
        #expect(results == [.accepted, .storageFull])
        let handed = try fixture.takeHanded(10)
        fixture.report(handed)
        try fixture.waitForStatistics { $0.delivered == handed.count }
        #expect(fixture.fatal.withLock { $0 } == nil)
        fixture.queue.stop()
    }

    @Test func aPositionIsNotUsedAgainAfterTheSweepRemovedEveryEvent() async throws {
        let folder = TemporaryDirectory()
        var queue: QueueFixture? = try QueueFixture(folder: folder)
        try await queue!.provision()
        _ = try queue!.publish([queue!.record(1), queue!.record(2)])
        queue!.report(try queue!.takeHanded(2))
        queue!.queue.stop()
        queue = nil
        let brief = QueueConfiguration(diskReserveBytes: 0, retention: 1)
        queue = try QueueFixture(folder: folder, configuration: brief)
        try queue!.waitForStatistics { $0.removedEvents == 2 }
        queue!.queue.stop()
        queue = nil
        queue = try QueueFixture(folder: folder)
        _ = try queue!.publish([queue!.record(3)])
        #expect(try queue!.takeHanded(1).map(\.event.position.value) == [3])
        queue!.queue.stop()
    }

    @Test func batchedAttemptResultsAreWrittenAtTheStop() async throws {
        let folder = TemporaryDirectory()
        var queue: QueueFixture? = try QueueFixture(folder: folder)
        try await queue!.provision()
        _ = try queue!.publish([queue!.record(1)])
        queue!.report(try queue!.takeHanded(1))
        queue!.queue.stop()
        queue = nil
        queue = try QueueFixture(folder: folder)
        #expect(queue!.queue.statistics.pending == 0)
        queue!.queue.stop()
    }
}
