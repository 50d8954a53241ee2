import DurableQueue
import Glibc
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

/// A batch whose content is refused is sent again as two halves, until the event that the receiver refuses is alone (F21).
@Suite struct BatchHalvesTests {
    private let once = RetryPolicy(delays: [], jitterPercent: 0)

    private func fixture(events: Int, retry: RetryPolicy, maxEvents: Int? = nil) throws -> WriterFixture {
        let fixture = try WriterFixture()
        try fixture.provision(retry: retry)
        var settings = fixture.settings(retry: retry)
        settings.batch = BatchRule(maxEvents: maxEvents ?? events, maxWait: 60_000)
        _ = fixture.change([.putEndpoint(tenant: "tenant-1", name: "e1", settings: settings, origin: .provisioned)])
        fixture.publish((1...events).map { UInt64($0) })
        try fixture.settle()
        return fixture
    }

    private func numbers(_ delivery: DueDelivery) -> [UInt64] { (delivery.batch?.events ?? []).map(\.id.low) }

    /// Reports, and lets what follows at once become due.
    private func report(
        _ deliveries: [DueDelivery], _ outcome: Outcome = .refusedStatus, status: UInt16, _ fixture: WriterFixture
    ) throws {
        fixture.report(deliveries, outcome, status: status)
        try fixture.linger()
        try fixture.settle()
        fixture.advance(milliseconds: 5)
        try fixture.settle()
    }

    @Test(arguments: [400, 413, 422] as [UInt16])
    func theBadEventBecomesTheDeadLetterByItself(status: UInt16) throws {
        let fixture = try fixture(events: 10, retry: once)
        var ids: Set<BatchID> = []
        var requests = 0
        while case let handed = fixture.takeHanded(), !handed.isEmpty {
            for delivery in handed {
                requests += 1
                #expect(ids.insert(try #require(delivery.batch).id).inserted)
                if numbers(delivery).contains(7) {
                    try report([delivery], status: status, fixture)
                } else {
                    try report([delivery], .delivered, status: 200, fixture)
                }
            }
        }
        #expect(fixture.statistics.delivered == 9)
        #expect(fixture.statistics.deadLettered == 1)
        #expect(fixture.statistics.pending == 0 && fixture.statistics.pendingBatched == 0)
        #expect(requests < 2 * 10)
        let letters = try fixture.core.directory.environment.read { snapshot in
            try fixture.core.directory.tables.deadLetters(limit: 10, in: snapshot)
        }
        #expect(letters.map(\.delivery.position.value) == [7])
        #expect(letters.first?.status == status)
    }

    @Test func aReceiverThatRefusesEverythingGetsEachEventOnceAlone() throws {
        let fixture = try fixture(events: 8, retry: once)
        var requests = 0
        while case let handed = fixture.takeHanded(), !handed.isEmpty {
            requests += handed.count
            try report(handed, status: 400, fixture)
        }
        #expect(requests == 15)
        #expect(fixture.statistics.deadLettered == 8 && fixture.statistics.pending == 0)
        #expect(fixture.statistics.batchesHalved == 7)
    }

    @Test func theHalvesAreDurableWithTheResult() throws {
        let fixture = try fixture(events: 5, retry: once)
        try report(fixture.takeHanded(), status: 413, fixture)
        let halves = fixture.takeHanded()
        #expect(Set(halves.map(numbers)) == [[1, 2, 3], [4, 5]])
        try fixture.restart()
        try fixture.settle()
        #expect(fixture.statistics.pending == 5 && fixture.statistics.pendingBatched == 3)
        let again = fixture.takeHanded()
        #expect(Set(again.map { $0.batch!.id }) == Set(halves.map { $0.batch!.id }))
        #expect(Set(again.map(numbers)) == [[1, 2, 3], [4, 5]])
        try report(again, .delivered, status: 200, fixture)
        #expect(fixture.statistics.delivered == 5 && fixture.statistics.pending == 0)
    }

    @Test func aCommitThatFindsNoRoomHalvesOnce() throws {
        let fixture = try fixture(events: 4, retry: once)
        let whole = fixture.takeHanded()
        for index in 0..<2 { fixture.faults.failCommit(at: fixture.faults.commitCount + index, with: ENOSPC) }
        fixture.report(whole, .refusedStatus, status: 400)
        try fixture.linger()
        try fixture.perform()
        #expect(fixture.statistics.failedCommits == 2 && fixture.takeHanded().isEmpty)
        fixture.advance(milliseconds: Limits.spaceCheckMilliseconds + 1)
        try fixture.settle()
        fixture.advance(milliseconds: 5)
        try fixture.settle()
        #expect(Set(fixture.takeHanded().map(numbers)) == [[1, 2], [3, 4]])
        #expect(fixture.statistics.batchesHalved == 1)
        #expect(fixture.statistics.pending == 4 && fixture.statistics.pendingBatched == 2)
    }

    @Test(arguments: [0, 302, 401, 403, 404, 408, 409, 429, 500, 503] as [UInt16])
    func anyOtherFailureKeepsTheBatch(status: UInt16) throws {
        let fixture = try fixture(events: 4, retry: RetryPolicy(delays: [1, 1], jitterPercent: 0))
        let whole = fixture.takeHanded()
        try report(whole, status == 0 ? .timedOut : Outcome(status: Int(status)), status: status, fixture)
        let again = fixture.takeHanded()
        #expect(again.map { $0.batch!.id } == whole.map { $0.batch!.id })
        #expect(again.map(\.attempt) == [2])
    }

    @Test func aBatchOfOneIsTriedAgainAsItsPolicySays() throws {
        let fixture = try fixture(events: 1, retry: RetryPolicy(delays: [1], jitterPercent: 0))
        let first = fixture.takeHanded()
        try report(first, status: 400, fixture)
        let second = fixture.takeHanded()
        #expect(second.map { $0.batch!.id } == first.map { $0.batch!.id } && second.map(\.attempt) == [2])
        try report(second, status: 400, fixture)
        #expect(fixture.statistics.deadLettered == 1 && fixture.takeHanded().isEmpty)
    }

    // The policy's attempts are for what is refused by itself, and every attempt keeps its record.
    @Test func eachHalfBeginsItsPolicyAnew() throws {
        let fixture = try fixture(events: 2, retry: RetryPolicy(delays: [1], jitterPercent: 0))
        try report(fixture.takeHanded(), .unavailable, status: 503, fixture)
        try report(fixture.takeHanded(), status: 422, fixture)
        let third = fixture.takeHanded()
        #expect(third.map(\.attempt) == [3, 3] && third.allSatisfy { !$0.isLastAttempt })
        try report(third, .timedOut, status: 0, fixture)
        let fourth = fixture.takeHanded()
        #expect(fourth.map(\.attempt) == [4, 4] && fourth.allSatisfy(\.isLastAttempt))
        try report(fourth, .timedOut, status: 0, fixture)
        #expect(fixture.statistics.deadLettered == 2)
        let records = try fixture.core.directory.environment.read { snapshot in
            try fixture.core.directory.tables.deadLetters(limit: 2, in: snapshot).map { letter in
                try fixture.core.directory.tables.attempts(of: letter.delivery, in: snapshot).map(\.status)
            }
        }
        // The second event was not a leader before.
        #expect(records == [[503, 422, 0, 0], [422, 0, 0]])
    }

    @Test func theHalvesWaitAsLongAsTheReceiverAsks() throws {
        let fixture = try fixture(events: 2, retry: once)
        let whole = fixture.takeHanded()
        fixture.report(whole, .refusedStatus, status: 413, retryAfter: 60_000)
        try fixture.linger()
        try fixture.settle()
        fixture.advance(milliseconds: 59_000)
        try fixture.settle()
        #expect(fixture.takeHanded().isEmpty)
        fixture.advance(milliseconds: 1_001)
        try fixture.settle()
        #expect(fixture.takeHanded().count == 2)
    }
}
