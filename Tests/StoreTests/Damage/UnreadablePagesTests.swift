import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

/// Pages of the data file that were overwritten with zeros: what stands on them is lost, and nothing else.
@Suite struct UnreadablePagesTests {
    private static let count: UInt64 = 100

    private func store() throws -> StoreFixture {
        let store = try StoreFixture()
        // Payloads that differ, five records to a page.
        for position in 1...UnreadablePagesTests.count { _ = try store.store(position, payload: 700) }
        return store
    }

    private func delivery(_ position: UInt64) -> DeliveryID {
        DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(1))
    }

    /// Zeroes the page of `events` that holds this event: by its row, of which the id of the sample event is a part.
    private func damageEvent(_ position: UInt64, _ store: StoreFixture) throws {
        let record = Sample.recordBytes(
            id: EventID(high: 9, low: position), payload: Array(repeating: 65, count: 700))
        let damaged = try DamagedPages.zero(run: record, in: store.folder.path + "/data/data.mdb")
        try #require(damaged > 0)
    }

    private func readings(_ store: StoreFixture, in transaction: borrowing some Transaction & ~Copyable) throws
        -> (whole: [UInt64], damaged: [UInt64])
    {
        var (whole, damaged): ([UInt64], [UInt64]) = ([], [])
        for position in 1...UnreadablePagesTests.count {
            switch try store.tables.event(at: EventPosition(position), in: transaction) {
            case .event: whole.append(position)
            case .damaged: damaged.append(position)
            case .missing: Issue.record("\(position) is missing")
            }
        }
        return (whole, damaged)
    }

    @Test func `a snapshot reads every event that is not on the page`() throws {
        let store = try store()
        try damageEvent(50, store)
        let (whole, damaged) = try store.read { snapshot in try readings(store, in: snapshot) }
        #expect(damaged.contains(50) && damaged.count <= 6)
        #expect(whole.count + damaged.count == Int(UnreadablePagesTests.count))
    }

    @Test func `a write transaction reads them too, and commits`() throws {
        let store = try store()
        try damageEvent(50, store)
        try store.write { transaction in
            try store.tables.schedule(delivery(101), dueAt: 1, in: transaction)
            let (whole, damaged) = try readings(store, in: transaction)
            #expect(damaged.contains(50) && whole.count + damaged.count == Int(UnreadablePagesTests.count))
        }
        let row = try store.read { snapshot in try store.tables.delivery(delivery(101), in: snapshot) }
        #expect(row != nil)
    }

    @Test func `a write transaction reads the event that it stored itself`() throws {
        let store = try StoreFixture()
        let record = Sample.recordBytes(id: EventID(high: 1, low: 2))
        try store.write { transaction in
            _ = try record.withUnsafeBytes { bytes in
                try store.tables.insert(
                    bytes, checksum: Tables.checksum(bytes), id: EventID(high: 1, low: 2), at: EventPosition(1),
                    tenant: TenantNumber(1), acceptedAt: 0, in: transaction)
            }
            guard case .event(let event) = try store.tables.event(at: EventPosition(1), in: transaction) else {
                Issue.record("not read")
                return
            }
            #expect(event.bytes == record)
        }
    }

    @Test func `a delivery on a damaged page counts as damaged, and is distinguished from the others`() throws {
        let store = try StoreFixture()
        // Rows that are found by their status in the file.
        try store.write { transaction in
            for position in 1...400 as ClosedRange<UInt64> {
                try store.tables.schedule(
                    delivery(position), dueAt: Int64(position) | 0x11_2233_4455_0000, in: transaction)
            }
        }
        let wanted = (1...400 as ClosedRange<UInt64>).map { delivery($0) }
        // The row of 200 as it stands in `deliveries`: scheduled, and due at its time.
        let row: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0, 200]
        try #require(try DamagedPages.zero(run: row, in: store.folder.path + "/data/data.mdb") > 0)
        let (unreadable, rows) = try store.read { snapshot in
            var rows: [DeliveryID] = []
            for delivery in wanted where try store.tables.delivery(delivery, in: snapshot) != nil {
                rows.append(delivery)
            }
            return (try store.tables.unreadable(among: wanted, in: snapshot), rows)
        }
        #expect(unreadable.contains(delivery(200)) && unreadable.count < 120)
        #expect(rows == wanted.filter { !unreadable.contains($0) })
        #expect(throws: LMDBError.self) {
            try store.write { transaction in
                _ = try store.tables.delivery(delivery(200), in: transaction)
            }
        }
    }
}
