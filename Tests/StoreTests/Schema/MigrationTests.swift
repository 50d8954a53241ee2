import LMDB
import Store
import Synchronization
import TestSupport
import Testing
import WebhookModel

@Suite struct MigrationTests {
    private let folder = TemporaryDirectory()
    private var path: String { folder.path + "/data" }

    private func open(
        rowsPerCommit: Int = 4, faults: FaultPlan? = nil,
        report: @escaping @Sendable (MigrationProgress) -> Void = { _ in }
    ) throws(StoreError) -> DataDirectory {
        try DataDirectory(
            path: path, mapBytes: 16 << 20, durability: .none,
            migration: MigrationOptions(rowsPerCommit: rowsPerCommit, report: report), faults: faults)
    }

    /// Everything that waits, as it was when the directory was made.
    private func expectEverything(_ directory: DataDirectory) throws {
        let tables = directory.tables
        let (due, parked, skipped) = try directory.environment.read { snapshot throws(LMDBError) in
            var (due, parked): ([UInt64], [UInt64]) = ([], [])
            let zero = PendingEntry(
                delivery: DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0)), dueAt: 0, attempts: 0)
            var skipped = try tables.scanDue(from: zero, in: snapshot) {
                due.append($0.delivery.position.value)
                return true
            }
            skipped += try tables.scanParked(of: EndpointNumber(1), after: EventPosition(0), in: snapshot) {
                parked.append($0.delivery.position.value)
                return true
            }
            return (due, parked, skipped)
        }
        #expect(skipped.count == 0)
        #expect(due == [2, 17, 18, 19, 31, 32, 33, 34, 35, 36, 37, 38, 39, 15, 14, 16, 37])
        #expect(parked == Array(21...29))
        let state = try directory.recover()
        #expect(state.tenants.map(\.value.name) == ["acme", "globex"])
        #expect(state.endpoints.map(\.value.name) == ["endpoint-1", "endpoint-2", "endpoint-3", "endpoint-4"])
        #expect(state.keys.count == 2 && state.skipped.count == 0)
        let pending = state.pendingCount
        #expect([pending.due, pending.parked, pending.behind, pending.gathering, pending.batched] == [17, 9, 6, 4, 2])
        #expect(pending.heldKeys == 1 && state.counters.nextPosition == 41)
        let dead = try directory.environment.read { snapshot throws(LMDBError) in
            try tables.deadLetters(limit: 99, in: snapshot).map(\.delivery.position.value)
        }
        #expect(dead == [11, 12, 13, 22])
    }

    @Test func `a directory of format 1 is opened and everything is there`() throws {
        try FormatOneDirectory.unpack(into: path)
        try expectEverything(try open(rowsPerCommit: 8_192))
        try expectEverything(try open())
    }

    @Test func `events, attempts and deliveries of format 1 are read as they were`() throws {
        try FormatOneDirectory.unpack(into: path)
        let directory = try open()
        let tables = directory.tables
        try directory.environment.read { snapshot throws(LMDBError) in
            for position in 2...40 as ClosedRange<UInt64> {
                let reading = try tables.event(at: EventPosition(position), in: snapshot)
                guard case .event(let event) = reading else {
                    Issue.record("event \(position): \(reading)")
                    continue
                }
                #expect(event.record.payload.count == (position % 7 == 0 ? 9_000 : 40))
            }
            let retried = DeliveryID(position: EventPosition(4), endpoint: EndpointNumber(1))
            let row = try tables.delivery(retried, in: snapshot)
            #expect(row?.state == .delivered && row?.attempts == 2 && row?.status == 204)
            let attempts = try tables.attempts(of: retried, in: snapshot)
            #expect(attempts.map(\.outcome) == [.unavailable, .delivered])
            #expect(attempts[0].excerpt == Array("no such order".utf8))
        }
    }

    @Test(arguments: [FaultPlan.End.before, .after])
    func `a migration that was interrupted at any slice continues at the next open`(end: FaultPlan.End) throws {
        try FormatOneDirectory.unpack(into: path)
        var ends = 0
        // The process ends around its k-th commit; the next one starts on what is there.
        for commit in 0..<100 {
            let faults = FaultPlan()
            faults.endProcess(end, commit: commit % 3)
            let opened = Result { () throws(StoreError) in try open(faults: faults) }
            guard faults.hasEnded else {
                try expectEverything(try opened.get())
                break
            }
            guard case .failure(.database(.processEnded)) = opened else {
                Issue.record("not the planned end: \(opened)")
                return
            }
            ends += 1
        }
        #expect(ends >= 6)
        try expectEverything(try open())
    }

    @Test func `each slice is reported, step by step`() throws {
        try FormatOneDirectory.unpack(into: path)
        let reports = Mutex<[MigrationProgress]>([])
        _ = try open(report: { progress in reports.withLock { $0.append(progress) } })
        let seen = reports.withLock(\.self)
        #expect(seen.map(\.step) == [1, 1, 1, 1, 2, 2])
        #expect(seen.map(\.rows) == [4, 8, 12, 16, 4, 8])
        #expect(seen.map(\.of) == [17, 17, 17, 17, 9, 9])
        #expect(seen.first?.name == "checksums of due deliveries")
    }

    @Test func `a directory of this format is not migrated`() throws {
        let faults = FaultPlan()
        _ = try open(faults: faults)
        let before = faults.commitCount
        _ = try open(faults: faults, report: { _ in Issue.record("nothing is to be migrated") })
        #expect(faults.commitCount == before + 1)
    }

    @Test func `a row without its checksum is malformed once the migration is over`() throws {
        let directory = try open()
        let transaction = try directory.environment.beginWrite()
        var key = Key(UInt64(30))
        key.append(UInt64(3))
        key.append(UInt32(1))
        let bytes: [UInt8] = [0, 0]
        try bytes.withUnsafeBytes { try transaction.put(try transaction.open("due"), key, $0) }
        try transaction.commit()
        let skipped = try directory.environment.read { snapshot throws(LMDBError) in
            let zero = PendingEntry(
                delivery: DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0)), dueAt: 0, attempts: 0)
            return try directory.tables.scanDue(from: zero, in: snapshot) { _ in true }
        }
        #expect(skipped.count == 1)
    }
}
