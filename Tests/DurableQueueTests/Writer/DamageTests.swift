import DurableQueue
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

/// A damaged store costs what is damaged, with a line and a count, and nothing else.
@Suite struct DamageTests {
    /// A store with 400 events of one tenant that wait for their time, and the time.
    private func stored(_ folder: TemporaryDirectory, payload: Int = 700) throws -> Int64 {
        let fixture = try WriterFixture(folder: folder)
        try fixture.provision(endpoints: 1)
        let at = fixture.now + 60_000
        for slice in 0..<8 as Range<UInt64> {
            fixture.publish((1...50).map { slice * 50 + $0 }, deliverAt: at, payload: payload)
            try fixture.perform()
        }
        #expect(fixture.statistics.pending == 400)
        return at
    }

    /// Delivers everything that is handed over, until the writer rests.
    private func deliverAll(_ fixture: WriterFixture) throws -> Set<UInt64> {
        var seen: Set<UInt64> = []
        var idle = 0
        while idle < 5 {
            try fixture.settle()
            let handed = fixture.takeHanded()
            idle = handed.isEmpty ? idle + 1 : 0
            for delivery in handed {
                let isNew = seen.insert(delivery.event.position.value).inserted
                #expect(isNew)
            }
            fixture.report(handed)
            try fixture.linger()
        }
        return seen
    }

    // R3: a page of events that cannot be read.
    @Test func anUnreadablePageCostsTheEventsOnIt() throws {
        let folder = TemporaryDirectory()
        _ = try stored(folder)
        let record = Sample.recordBytes(
            id: EventID(high: 5, low: 200), deliverAt: 1_800_000_060_000,
            payload: Array(repeating: 200 & 0x7F, count: 700))
        let damaged = try DamagedPages.zero(run: record, in: folder.path + "/data/data.mdb")
        try #require(damaged > 0)
        for start in 1...2 {
            let fixture = try WriterFixture(folder: folder)
            fixture.advance(milliseconds: 60_001)
            let seen = try deliverAll(fixture)
            if start == 1 {
                // The page of event 200 and, where the id stands in the index of ids, nothing else.
                #expect(!seen.contains(200) && seen.count >= 390, "\(seen.count)")
                #expect(seen.count + fixture.statistics.quarantined == 400)
                #expect(fixture.notices.contains { if case .quarantined = $0 { true } else { false } })
            } else {
                #expect(seen.isEmpty && fixture.statistics.quarantined == 0)
            }
        }
    }

    // R2: a malformed entry of the due index is passed over, counted and logged; what is behind it goes on.
    @Test func aMalformedDueEntryDoesNotStopDeliveries() throws {
        let folder = TemporaryDirectory()
        let at = try stored(folder)
        do {
            let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
            let transaction = try directory.environment.beginWrite()
            let due = try transaction.open("due")
            var key = Key(UInt64(bitPattern: at))
            key.append(UInt64(100))
            let value = try transaction.reserve(due, key, count: 3)
            value.copyBytes(from: [1, 2, 3])
            try transaction.commit()
        }
        let fixture = try WriterFixture(folder: folder)
        fixture.advance(milliseconds: 60_001)
        #expect(try deliverAll(fixture).count == 400)
        #expect(fixture.statistics.damagedRows == 1)
        let lines = fixture.notices.filter { if case .damagedRows = $0 { true } else { false } }
        #expect(lines.count == 1)
    }

    // R2: an orphan is damage unless the table of deliveries holds it.
    @Test func anEntryOfAnEndpointThatNeverExistedCountsAsDamage() throws {
        let folder = TemporaryDirectory()
        let at = try stored(folder)
        do {
            let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
            let transaction = try directory.environment.beginWrite()
            let lost = DeliveryID(position: EventPosition(7), endpoint: EndpointNumber(1))
            try directory.tables.remove(lost, from: .due(at), in: transaction)
            let flipped = DeliveryID(position: EventPosition(7), endpoint: EndpointNumber(1 << 20))
            try directory.tables.putDue(PendingEntry(delivery: flipped, dueAt: at, attempts: 0), in: transaction)
            try transaction.commit()
        }
        let fixture = try WriterFixture(folder: folder)
        fixture.advance(milliseconds: 60_001)
        // The verification finds the delivery that lost its entry, and enters it again.
        #expect(try deliverAll(fixture).count == 400)
        #expect(fixture.statistics.cancelled == 0 && fixture.statistics.damagedRows == 1)
        #expect(fixture.statistics.repairedDeliveries == 1)
    }

    /// Zeroes the page of `deliveries` that holds the row of this position: its key, then the state "scheduled".
    private func damageDelivery(_ position: UInt64, _ folder: TemporaryDirectory) throws {
        let key = (0..<8).map { UInt8(truncatingIfNeeded: position >> (56 - 8 * $0)) } + [0, 0, 0, 1]
        let damaged = try DamagedPages.zero(run: key + [1, 0], in: folder.path + "/data/data.mdb")
        try #require(damaged > 0)
    }

    // R3: a page of `deliveries`: what is on it was sent again after every start.
    @Test func whatIsOnAnUnreadablePageOfDeliveriesIsSentOnce() throws {
        let folder = TemporaryDirectory()
        _ = try stored(folder)
        try damageDelivery(200, folder)
        for start in 1...2 {
            let fixture = try WriterFixture(folder: folder)
            fixture.advance(milliseconds: 60_001)
            let seen = try deliverAll(fixture)
            #expect(seen.count == (start == 1 ? 400 : 0))
            // The receiver has them all: nothing became a dead letter.
            #expect(fixture.statistics.quarantined == 0)
            #expect(fixture.statistics.delivered == (start == 1 ? 400 : 0))
            #expect(fixture.statistics.pending == 0)
            // The verification steps over the page after each start.
            #expect(fixture.statistics.damagedRows > 0)
        }
    }

    // R3, R4: one that failed cannot be retried; it is in the list of dead letters.
    @Test func whatFailedOnAnUnreadablePageOfDeliveriesIsADeadLetterInTheList() throws {
        let folder = TemporaryDirectory()
        _ = try stored(folder)
        try damageDelivery(200, folder)
        let fixture = try WriterFixture(folder: folder)
        fixture.advance(milliseconds: 60_001)
        for _ in 0..<100 {
            try fixture.settle()
            let handed = fixture.takeHanded()
            fixture.report(handed.filter { (190...210).contains($0.event.position.value) }, .refusedStatus, status: 500)
            fixture.report(handed.filter { !(190...210).contains($0.event.position.value) })
            try fixture.linger()
        }
        let quarantined = fixture.statistics.quarantined
        #expect(quarantined > 0 && quarantined <= 21 && fixture.statistics.pending == 0)
        let directory = fixture.core.directory
        let letters = try directory.environment.read { snapshot throws(LMDBError) in
            try directory.tables.deadLetters(limit: 1_000, in: snapshot)
        }
        #expect(letters.count { $0.outcome == .recordDamaged } == quarantined)
        #expect(letters.contains { $0.delivery.position == EventPosition(200) })

        // The command that would schedule them again is answered, and the writer goes on.
        let answer = WriterFixture.Box<Result<Redelivered, TenancyError>?>(nil)
        fixture.give(.redeliver(DeadLetterFilter(), CommandReply { answer.value = $0 }))
        try fixture.settle()
        #expect(answer.value == .failure(.damaged))
        fixture.publish([401])
        try fixture.settle()
        #expect(fixture.takeHanded().contains { $0.event.position.value == 401 })
    }

    // R3: the retention sweep meets the page: it stops there, and nothing else does.
    @Test func aSweepThatMeetsAnUnreadablePageStopsNothing() throws {
        let folder = TemporaryDirectory()
        _ = try stored(folder)
        try damageDelivery(200, folder)
        let fixture = try WriterFixture(folder: folder)
        fixture.advance(milliseconds: 60_001)
        #expect(try deliverAll(fixture).count == 400)
        fixture.advance(milliseconds: 40 * 86_400_000)
        // A leap of the clock is believed after an hour.
        for _ in 0..<80 {
            try fixture.settle()
            fixture.advance(milliseconds: 60_000)
        }
        #expect(
            fixture.notices.contains {
                if case .damagedRows(_, let place) = $0 { place.contains("sweep") } else { false }
            })
        fixture.publish([401])
        try fixture.settle()
        #expect(fixture.takeHanded().map(\.event.position.value) == [401])
    }

    @Test func reportsAndASweepOnOneDamagedPageDoNotEndTheProcess() throws {
        let folder = TemporaryDirectory()
        _ = try stored(folder)
        try damageDelivery(200, folder)
        let fixture = try WriterFixture(folder: folder)
        fixture.advance(milliseconds: 60_001)
        var kept: [DueDelivery] = []
        for _ in 0..<100 {
            try fixture.settle()
            let handed = fixture.takeHanded()
            kept += handed.filter { (190...210).contains($0.event.position.value) }
            fixture.report(handed.filter { !(190...210).contains($0.event.position.value) })
            try fixture.linger()
        }
        #expect(kept.count == 21)
        fixture.advance(milliseconds: 25 * 3_600_000)
        fixture.report(kept)
        // A change makes the transaction start at once, and the sweep is due in it.
        _ = fixture.change([
            .putTenant(name: "tenant-2", enabled: true, settings: Tenant.Settings(), origin: .provisioned)
        ])
        try fixture.settle()
        #expect(fixture.statistics.delivered == 400)
    }

    // A page of `attempts`: the failed attempt that belongs on it sets its delivery aside, and the others go on.
    @Test func aDamagedPageOfAttemptsEndsNoProcess() throws {
        let folder = TemporaryDirectory()
        do {
            let fixture = try WriterFixture(folder: folder)
            try fixture.provision(retry: RetryPolicy(delays: [600_000], jitterPercent: 0))
            for slice in 0..<4 as Range<UInt64> {
                fixture.publish((1...50).map { slice * 50 + $0 })
                try fixture.settle()
            }
            for _ in 0..<100 {
                try fixture.settle()
                fixture.report(fixture.takeHanded(), .refusedStatus, status: 500)
                try fixture.linger()
            }
        }
        let key: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 1, 0, 1]
        let damaged = try DamagedPages.zero(
            run: key + [Outcome.refusedStatus.rawValue], in: folder.path + "/data/data.mdb")
        try #require(damaged > 0)
        let fixture = try WriterFixture(folder: folder)
        fixture.advance(milliseconds: 700_000)
        #expect(try deliverAll(fixture).count == 200)
        #expect(fixture.statistics.delivered == 200 && fixture.statistics.pending == 0)
    }

    // One event for 400 endpoints: the rows of `due` share sixteen bytes of their keys, over several pages.
    @Test func aScanStepsOverADamagedPageInAFanOut() throws {
        let folder = TemporaryDirectory()
        var at: Int64 = 0
        do {
            let fixture = try WriterFixture(folder: folder)
            try fixture.provision(endpoints: 400)
            at = fixture.now + 60_000
            fixture.publish([1], deliverAt: at)
            try fixture.perform()
        }
        let run = [UInt64(bitPattern: at), 1].flatMap { number in
            (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
        }
        let damaged = try DamagedPages.zero(run: run + [0, 0, 0, 120], in: folder.path + "/data/data.mdb")
        try #require(damaged > 0)
        let directory = try WriterFixture(folder: folder).core.directory
        let zero = PendingEntry(
            delivery: DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0)), dueAt: 0, attempts: 0)
        try directory.environment.read { snapshot throws(LMDBError) in
            var seen: Set<UInt32> = []
            let skipped = try directory.tables.scanDue(from: zero, in: snapshot) { entry in
                seen.insert(entry.delivery.endpoint.value)
                return true
            }
            #expect(skipped.count == 1 && !seen.contains(120))
            #expect(seen.count > 250 && seen.contains(1) && seen.contains(400))
            // The verification finds exactly what was on the page.
            let check = try directory.tables.verifyWaiting(from: nil, limit: 1_000, now: at, in: snapshot)
            #expect(Set(check.missing.map(\.endpoint.value)) == Set(1...400).subtracting(seen))
        }
    }

    // A flipped bit in the value of a due entry: the entry is no place to wait in, so the delivery is entered again.
    @Test func aDeliveryWithADamagedDueEntryIsEnteredAgain() throws {
        let folder = TemporaryDirectory()
        let at = try stored(folder)
        do {
            let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
            let transaction = try directory.environment.beginWrite()
            let due = try transaction.open("due")
            var key = Key(UInt64(bitPattern: at))
            key.append(UInt64(100))
            key.append(UInt32(1))
            let old = try #require(try transaction.get(due, key)).map { $0 }
            let value = try transaction.reserve(due, key, count: old.count)
            value.copyBytes(from: old.dropLast() + [old[old.count - 1] ^ 1])
            try transaction.commit()
        }
        let fixture = try WriterFixture(folder: folder)
        fixture.advance(milliseconds: 60_001)
        #expect(try deliverAll(fixture).count == 400)
        #expect(fixture.statistics.repairedDeliveries == 1)
    }

    // A damaged row of a head: its event names the key, and what is behind it goes on.
    @Test func whatIsBehindAHeadWithADamagedRowGoesOn() throws {
        let folder = TemporaryDirectory()
        do {
            let fixture = try WriterFixture(folder: folder)
            try fixture.provision(order: .byKey(onDeadLetter: .skip))
            fixture.publish([1], key: "a")
            fixture.publish([2], key: "a")
            try fixture.settle()
            let transaction = try fixture.core.directory.environment.beginWrite()
            var key = Key(1 as UInt64)
            key.append(UInt32(1))
            let row = try transaction.reserve(try transaction.open("deliveries"), key, count: 5)
            row.copyBytes(from: [9, 9, 9, 9, 9])
            try transaction.commit()
        }
        #expect(try deliverAll(WriterFixture(folder: folder)) == [1, 2])
    }

    @Test func aPurgeThatMeetsAnUnreadablePageDoesNotSpin() throws {
        let folder = TemporaryDirectory()
        _ = try stored(folder)
        try damageDelivery(200, folder)
        let fixture = try WriterFixture(
            folder: folder, configuration: QueueConfiguration(diskReserveBytes: 0, lotLimit: 16))
        fixture.advance(milliseconds: 60_001)
        try fixture.settle()
        _ = fixture.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
        try fixture.settle()
        #expect(fixture.statistics.damagedRows > 0)
    }

    // A stray that stayed in the findings after a transaction without upkeep was gathered twice, and trapped.
    @Test func strayDeliveriesAreGatheredOnce() throws {
        var met = 0
        for read in 0..<40 {
            let fixture = try WriterFixture()
            try fixture.provision()
            fixture.publish([1], deliverAt: fixture.now + 1_000)
            try fixture.settle()
            var settings = fixture.settings()
            settings.batch = BatchRule(maxEvents: 10, maxWait: 60_000)
            _ = fixture.change([
                .putEndpoint(tenant: "tenant-1", name: "e1", settings: settings, origin: .provisioned)
            ])
            try fixture.settle()
            fixture.advance(milliseconds: 1_001)
            try fixture.perform()
            fixture.give(.releaseKeys(tenant: "tenant-1", endpoint: "e1", orderingKey: "a", CommandReply { _ in }))
            fixture.faults.fail(.read, at: fixture.faults.count(of: .read) + read, with: -30_796)
            do throws(LMDBError) {
                try fixture.perform()
                try fixture.settle()
                met += fixture.statistics.damagedRows > 0 ? 1 : 0
                fixture.advance(milliseconds: 61_000)
                try fixture.settle()
                #expect(fixture.takeHanded().count <= 1)
            } catch {
                // A read outside a transaction of the writer: the process ends, and nothing is sent.
                #expect(error.isCorruption)
            }
        }
        #expect(met > 0)
    }

    // R3: a page of the due index: the start steps over it, and counts it.
    @Test func theStartStepsOverAnUnreadablePageOfTheDueIndex() throws {
        let folder = TemporaryDirectory()
        let at = try stored(folder)
        let key = [UInt64(bitPattern: at), 200].flatMap { number in
            (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
        }
        let damaged = try DamagedPages.zero(run: key + [0, 0, 0, 1], in: folder.path + "/data/data.mdb")
        try #require(damaged > 0)
        let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
        let state = try directory.recover()
        let counted = state.pendingByEndpoint[EndpointNumber(1)] ?? 0
        #expect(state.skipped.count >= 1 && counted > 200 && counted < 400)
    }
}
