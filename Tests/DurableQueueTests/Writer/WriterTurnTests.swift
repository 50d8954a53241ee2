import DurableQueue
import Glibc
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import Threading
import WebhookModel

/// The writer's turns as plain values: interleavings that threads and real time cannot make on demand.
@Suite struct WriterTurnTests {
    @Test func aPublishIsAnsweredAndHandedOverInItsTurn() throws {
        let fixture = try WriterFixture()
        try fixture.provision()
        let batch = fixture.publish([1])
        try fixture.perform()
        #expect(fixture.isAnswered(batch) && batch.drafts.map(\.result) == [.accepted])
        let handed = fixture.takeHanded()
        #expect(handed.map(\.event.position.value) == [1])
        fixture.report(handed)
        try fixture.perform()
        // A single result waits up to 10 ms for others.
        #expect(fixture.statistics.delivered == 0)
        #expect(fixture.pauseNanoseconds() <= Limits.outcomeLingerMilliseconds * 1_000_000)
        try fixture.linger()
        try fixture.perform()
        #expect(fixture.statistics.delivered == 1 && fixture.statistics.pending == 0)
    }

    // D2: an endpoint is one object per version, whichever way a delivery takes.
    @Test func hintsAndRefillsShareTheEndpointsObject() throws {
        let fixture = try WriterFixture()
        try fixture.provision(endpoints: 2)
        fixture.publish([1])
        try fixture.perform()
        let first = fixture.takeHanded()
        fixture.report(first, .refusedStatus, status: 500)
        try fixture.linger()
        try fixture.settle()
        fixture.advance(milliseconds: 2)
        try fixture.settle()
        let second = fixture.takeHanded()
        #expect(second.map(\.attempt) == [2, 2])
        for delivery in second {
            #expect(first.contains { $0.endpoint === delivery.endpoint })
        }
        // A change of one endpoint leaves the object of the other, and makes one new object.
        _ = fixture.change([
            .putEndpoint(
                tenant: "tenant-1", name: "e1", settings: fixture.settings(url: "https://example.org/"), origin: .api)
        ])
        fixture.publish([2])
        try fixture.perform()
        fixture.publish([3])
        try fixture.perform()
        let third = fixture.takeHanded()
        let objects = Dictionary(grouping: third, by: { ObjectIdentifier($0.endpoint) })
        #expect(third.count == 4 && objects.count == 2)
        #expect(
            third.filter { $0.endpoint.name == "e2" }.allSatisfy {
                $0.endpoint === second.first { $0.endpoint.name == "e2" }?.endpoint
            })
    }

    // A setting that endpoints inherit makes new objects; one that they do not inherit makes none.
    @Test func onlyInheritedSettingsOfATenantMakeNewObjects() throws {
        let fixture = try WriterFixture()
        try fixture.provision(retry: nil)
        let number = EndpointNumber(1)
        let first = try #require(fixture.core.registry.endpoint(number))
        var settings = Tenant.Settings()
        settings.backlog = 7
        _ = fixture.change([.putTenant(name: "tenant-1", enabled: true, settings: settings, origin: .api)])
        try fixture.perform()
        #expect(fixture.core.registry.endpoint(number) === first)
        settings.retry = RetryPolicy(delays: [5], jitterPercent: 0)
        _ = fixture.change([.putTenant(name: "tenant-1", enabled: true, settings: settings, origin: .api)])
        try fixture.perform()
        let second = try #require(fixture.core.registry.endpoint(number))
        #expect(second !== first && second.retry == settings.retry)
    }

    // D4: a sender that is full but reports now and then does not delay the deliveries of another.
    @Test func aFullSenderDoesNotDelayAnother() throws {
        let configuration = QueueConfiguration(diskReserveBytes: 0, heldPerSender: 64)
        let fixture = try WriterFixture(senders: 2, configuration: configuration)
        // Even numbers belong to sender 0. Four tenants of slow endpoints fill it.
        for tenant in 1...4 { try fixture.provision(tenant: "slow-\(tenant)", endpoints: 8) }
        try fixture.provision(tenant: "live", endpoints: 1)
        let live = try #require(fixture.core.registry.tenantNumber(named: "live"))
        let endpoint = try #require(fixture.core.registry.tenants[number: live.value]?.endpoints["e1"])
        #expect(endpoint.value % 2 == 1)
        let due = fixture.now + 1_000
        for tenant in 1...4 as ClosedRange<UInt32> {
            fixture.publish((0..<40).map { UInt64(tenant) * 1_000 + $0 }, tenant: tenant, deliverAt: due)
        }
        fixture.publish((0..<500).map { 9_000 + $0 }, tenant: live.value, deliverAt: due)
        try fixture.settle()
        #expect(fixture.takeHanded().isEmpty)
        fixture.advance(milliseconds: 1_001)
        var held: [DueDelivery] = []
        var seen: Set<DeliveryID> = []
        // Sender 0 reports one delivery each 20 ms; what sender 1 gets is delivered at once.
        var rounds = 0
        while seen.count < 500, rounds < 60 {
            rounds += 1
            try fixture.settle()
            let handed = fixture.takeHanded()
            held += handed.filter { $0.endpoint.number.value % 2 == 0 }
            let odd = handed.filter { $0.endpoint.number.value % 2 == 1 }
            for delivery in odd where delivery.endpoint.number == endpoint { seen.insert(delivery.id) }
            fixture.report(odd)
            if !held.isEmpty { fixture.report([held.removeFirst()]) }
            fixture.advance(milliseconds: 20)
        }
        #expect(seen.count == 500, "\(seen.count) of 500 after \(rounds * 20) ms")
    }

    // A scan that the limit interrupted goes on in the next turn, without a sleep.
    @Test func anInterruptedScanContinuesAtOnce() throws {
        let fixture = try WriterFixture()
        try fixture.provision(endpoints: 1)
        let at = fixture.now + 1_000
        let count = UInt64(Limits.scannedEntries) + 500
        for first in stride(from: UInt64(1), through: count, by: 1_000) {
            fixture.publish(first...min(first + 999, count), deliverAt: at)
            try fixture.perform()
        }
        fixture.advance(milliseconds: 1_001)
        try fixture.perform()
        #expect(fixture.statistics.inLots < Int(count) - Limits.heldPerEndpointFirst)
        #expect(fixture.pauseNanoseconds() == 0)
        try fixture.perform()
        #expect(fixture.statistics.inLots == Int(count) - Limits.heldPerEndpointFirst)
    }

    // A release in the turn of the report that holds the key found no held key, and the key stayed held.
    @Test func aReleaseFindsWhatWasReportedBeforeIt() throws {
        let fixture = try WriterFixture()
        try fixture.provision(
            retry: RetryPolicy(delays: [], jitterPercent: 0), order: .byKey(onDeadLetter: .hold))
        fixture.publish([1], key: "a")
        try fixture.perform()
        fixture.report(fixture.takeHanded(), .refusedStatus, status: 500)
        let answers = WriterFixture.Box<[Result<Int, TenancyError>]>([])
        fixture.give(
            .releaseKeys(
                tenant: "tenant-1", endpoint: "e1", orderingKey: nil, CommandReply { answers.value.append($0) }))
        try fixture.settle()
        #expect(answers.value.count == 1)
        let released = try #require(answers.value.first).get()
        #expect(released == 1)
        fixture.publish([2], key: "a")
        try fixture.settle()
        #expect(fixture.takeHanded().map(\.event.id.low) == [2])
    }

    // D6, D7: each command is answered exactly once, whatever ends the queue.
    @Test func aCommandThatIsDroppedIsAnsweredAsStopped() throws {
        let fixture = try WriterFixture()
        let answers = WriterFixture.Box<[Result<Redelivered, TenancyError>]>([])
        do {
            let reply = CommandReply<Redelivered> { answers.value.append($0) }
            fixture.give(.redeliver(DeadLetterFilter(), reply))
        }
        let change = fixture.change([.putTenant(name: "t", enabled: true, origin: .api)])
        fixture.faults.failCommits(with: EIO)
        #expect(throws: LMDBError.self) { try fixture.perform() }
        #expect(change.value.count == 1)
        #expect(throws: TenancyError.stopped) { try change.value[0].get() }
    }

    // D7: the redelivery was begun, then a later command of the same turn makes a commit fail for good.
    @Test func aRedeliveryBeforeAFailedChangeIsAnsweredOnce() throws {
        let answers = WriterFixture.Box<[Result<Redelivered, TenancyError>]>([])
        let changed: WriterFixture.Box<[Result<[TenancyResult], TenancyError>]>
        do {
            let fixture = try WriterFixture()
            try fixture.provision()
            fixture.give(.redeliver(DeadLetterFilter(), CommandReply { answers.value.append($0) }))
            changed = fixture.change([.putTenant(name: "other", enabled: true, origin: .api)])
            fixture.faults.failCommits(with: EIO)
            #expect(throws: LMDBError.self) { try fixture.perform() }
        }
        #expect(answers.value.count == 1 && changed.value.count == 1)
        #expect(throws: TenancyError.stopped) { try answers.value[0].get() }
        #expect(throws: TenancyError.stopped) { try changed.value[0].get() }
    }

    // D12: one warning for a day, however many results one commit has.
    @Test func aWarningIsGivenOnce() throws {
        let fixture = try WriterFixture()
        try fixture.provision(retry: RetryPolicy(delays: [1_000], jitterPercent: 0))
        fixture.publish(1...6)
        try fixture.perform()
        let handed = fixture.takeHanded()
        fixture.report([handed[0]], .timedOut, status: 0)
        try fixture.linger()
        try fixture.perform()
        try fixture.pass(hours: 25)
        fixture.report(Array(handed.dropFirst()), .timedOut, status: 0)
        try fixture.linger()
        try fixture.perform()
        let warnings = fixture.notices.filter { notice in
            if case .endpoint(_, _, .warn(days: 1)) = notice { true } else { false }
        }
        #expect(warnings.count == 1, "\(warnings.count) warnings")
    }

    // D13: a damaged record that two look-ups of one refill meet is quarantined once.
    @Test func aDamagedRecordIsQuarantinedOnce() throws {
        let folder = TemporaryDirectory()
        var fixture: WriterFixture? = try WriterFixture(folder: folder)
        try fixture!.provision(order: .byKey(onDeadLetter: .skip))
        fixture!.publish([0x41], key: "k")
        fixture!.publish([0x42], key: "k")
        fixture!.publish([0x43], key: "k")
        try fixture!.perform()
        fixture = nil
        try DamagedFile.flip(run: Array(repeating: 0x42, count: 8), in: folder.path + "/data/data.mdb")

        let second = try WriterFixture(folder: folder)
        try second.settle()
        let head = second.takeHanded()
        #expect(head.map(\.event.position.value) == [1])
        // The next one enters the due index, is due in a millisecond, and is found by the hand-over and by the scan.
        second.report(head)
        try second.linger()
        try second.perform()
        second.advance(milliseconds: 2)
        try second.settle()
        #expect(second.statistics.quarantined == 1)
        #expect(second.takeHanded().map(\.event.position.value) == [3])
        #expect(second.core.registry.pending(of: TenantNumber(1)) == 1)
        let named = second.notices.filter { if case .quarantined = $0 { true } else { false } }
        #expect(named.count == 1)
    }

    // D14: what a failed transaction planned for a removed endpoint does not throttle its tenant.
    @Test func aFailedTransactionLeavesNoBacklog() throws {
        let fixture = try WriterFixture()
        var settings = Tenant.Settings()
        settings.backlog = 20
        try fixture.provision(of: settings)
        fixture.faults.failCommit(at: fixture.faults.commitCount, with: ENOSPC)
        let refused = fixture.publish(1...19)
        try fixture.perform()
        #expect(refused.drafts.allSatisfy { $0.result == .storageFull })
        _ = fixture.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
        try fixture.perform()
        _ = fixture.change([
            .putEndpoint(tenant: "tenant-1", name: "e2", settings: fixture.settings(), origin: .api)
        ])
        try fixture.perform()
        fixture.advance(milliseconds: 2_000)
        let accepted = fixture.publish(101...119)
        try fixture.perform()
        #expect(accepted.drafts.allSatisfy { $0.result == .accepted }, "\(accepted.drafts.map(\.result))")
    }

    // D5: a disabling that the writer decides is published like a change.
    @Test func anAutomaticDisablingIsPublished() throws {
        let fixture = try WriterFixture()
        try fixture.provision()
        fixture.publish([1])
        try fixture.perform()
        fixture.report(fixture.takeHanded(), .gone, status: 410)
        try fixture.linger()
        try fixture.perform()
        var view = TenancyView()
        for edit in fixture.edits { view.apply(edit) }
        #expect(view.snapshot.endpoints.map(\.value.disabled?.reason) == [.gone])
        #expect(fixture.statistics.endpointsDisabled == 1)
    }

    // D20: what is due is handed over after each commit of a turn, not after its last.
    @Test func hintsLeaveAfterEachCommitOfATurn() throws {
        let fixture = try WriterFixture()
        try fixture.provision(endpoints: 1)
        var handedBetween = false
        let probe = CommandReply<[TenancyResult]> { _ in }
        fixture.publish([1])
        fixture.give(.change([.putTenant(name: "probe", enabled: true, origin: .api)], probe))
        fixture.faults.failCommit(at: fixture.faults.commitCount + 1, with: EIO)
        #expect(throws: LMDBError.self) { try fixture.perform() }
        handedBetween = fixture.takeHanded().count == 1
        #expect(handedBetween)
    }

    // R2: whatever a row says, an event never goes to an endpoint of another tenant.
    @Test func anEventOfAnotherTenantIsNeverHandedOver() throws {
        let folder = TemporaryDirectory()
        var fixture: WriterFixture? = try WriterFixture(folder: folder)
        try fixture!.provision(tenant: "tenant-1")
        try fixture!.provision(tenant: "tenant-2")
        let at = fixture!.now + 60_000
        fixture!.publish([1], tenant: 1, deliverAt: at)
        try fixture!.perform()
        // The endpoint's number in the key of the due entry is changed to that of the other tenant's endpoint.
        let transaction = try fixture!.core.directory.environment.beginWrite()
        let tables = fixture!.core.directory.tables
        let delivery = DeliveryID(position: EventPosition(1), endpoint: EndpointNumber(1))
        try tables.remove(delivery, from: .due(at), in: transaction)
        let other = DeliveryID(position: EventPosition(1), endpoint: EndpointNumber(2))
        try tables.putDue(PendingEntry(delivery: other, dueAt: at, attempts: 0), in: transaction)
        try transaction.commit()
        fixture = nil

        let second = try WriterFixture(folder: folder)
        second.advance(milliseconds: 60_001)
        try second.settle()
        #expect(second.takeHanded().allSatisfy { $0.event.tenant == $0.endpoint.tenant })
        #expect(second.statistics.damagedRows == 1)
    }

    // Several callers' changes share a commit; one that is refused leaves no trace, and the others are applied.
    @Test func changesOfATurnShareACommit() throws {
        let fixture = try WriterFixture()
        try fixture.provision()
        let commits = fixture.faults.commitCount
        let good = (1...50).map { number in
            fixture.change([
                .putEndpoint(tenant: "tenant-1", name: "n\(number)", settings: fixture.settings(), origin: .api)
            ])
        }
        let bad = fixture.change([
            .putEndpoint(tenant: "tenant-1", name: "half", settings: fixture.settings(), origin: .api),
            .removeEndpoint(tenant: "tenant-1", name: "missing"),
        ])
        try fixture.perform()
        #expect(fixture.faults.commitCount == commits + 1)
        #expect(good.allSatisfy { if case .success = $0.value.first { true } else { false } })
        #expect(throws: TenancyError.unknownEndpoint(tenant: "tenant-1", name: "missing")) { try bad.value[0].get() }
        #expect(fixture.core.registry.names.endpoints.count == 51)
    }

    @Test func aChangeNamesTheRevisionThatItAppliesTo() throws {
        let fixture = try WriterFixture()
        try fixture.provision()
        func put(_ url: String, ifRevision: UInt64?) throws -> Result<[TenancyResult], TenancyError> {
            let answer = fixture.change([
                .putEndpoint(
                    tenant: "tenant-1", name: "e1", settings: fixture.settings(url: url), origin: .api,
                    ifRevision: ifRevision)
            ])
            try fixture.perform()
            return answer.value[0]
        }
        let made = fixture.now
        fixture.advance(milliseconds: 5)
        guard case .endpoint(let row) = try put("https://a.example/", ifRevision: 1).get()[0] else {
            Issue.record("no endpoint")
            return
        }
        #expect(row.revision == 2 && row.createdAt == made && row.updatedAt == made + 5)
        let stale = try put("https://b.example/", ifRevision: 1)
        #expect(throws: TenancyError.revisionMismatch(name: "e1", expected: 1, found: 2)) { try stale.get() }
        // A change that changes nothing keeps the revision.
        #expect(try put("https://a.example/", ifRevision: nil).get()[0].revision == 2)
        #expect(try put("https://b.example/", ifRevision: 2).get()[0].revision == 3)
    }

    // D19: the queue's time follows a step of the wall clock gradually, and never goes back.
    @Test func theClockFollowsAStepGradually() {
        let minute: Int64 = 60_000_000_000
        var clock = QueueClock(Instant(monotonic: 0, wall: 1_000 * minute))
        let start = clock.milliseconds(Instant(monotonic: 0, wall: 1_000 * minute))
        #expect(start == 1_000 * 60_000)
        // Ten minutes ahead: after one minute the queue's time has gained a quarter of a minute; after forty all.
        let one = clock.milliseconds(Instant(monotonic: minute, wall: 1_011 * minute))
        #expect(one == start + 75_000)
        let forty = clock.milliseconds(Instant(monotonic: 41 * minute, wall: 1_051 * minute))
        #expect(forty == start + 51 * 60_000)
        // Ten minutes back: it goes on, slower, and loses them.
        let back = clock.milliseconds(Instant(monotonic: 42 * minute, wall: 1_042 * minute))
        #expect(back == forty + 45_000)
        let late = clock.milliseconds(Instant(monotonic: 82 * minute, wall: 1_082 * minute))
        #expect(late == start + 82 * 60_000)
        // More than an hour ahead is followed at once.
        let jump = clock.milliseconds(Instant(monotonic: 82 * minute, wall: 2_000 * minute))
        #expect(jump == 2_000 * 60_000)
    }
}
