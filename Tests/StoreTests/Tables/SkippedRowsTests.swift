import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

/// Malformed rows in the tables that deliveries wait in: a walk steps over them and says so.
@Suite struct SkippedRowsTests {
    private func delivery(_ position: UInt64, _ endpoint: UInt32 = 1) -> DeliveryID {
        DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
    }

    private func entry(_ position: UInt64) -> PendingEntry {
        PendingEntry(delivery: delivery(position), dueAt: Int64(position) * 10, attempts: 0)
    }

    /// Puts a row as damage makes it: by the table's name, with a key of numbers.
    private func put(
        _ store: StoreFixture, _ table: String, _ key: [any FixedWidthInteger & Sendable], _ value: [UInt8]
    ) throws {
        try store.write { transaction in
            var bytes = Key()
            for number in key {
                switch number {
                case let number as UInt64: bytes.append(number)
                case let number as UInt32: bytes.append(number)
                default: Issue.record("a key of something else")
                }
            }
            try value.withUnsafeBytes { try transaction.put(try transaction.open(table), bytes, $0) }
        }
    }

    @Test func `a malformed due entry does not hide those behind it`() throws {
        let store = try StoreFixture()
        try store.write { transaction in
            for position in [1, 2, 4, 5] as [UInt64] { try store.tables.putDue(entry(position), in: transaction) }
        }
        // The value has another length, then the key.
        try put(store, "due", [UInt64(30), UInt64(3), UInt32(1)], [0, 0, 0])
        try put(store, "due", [UInt64(31), UInt64(3)], [0, 0])
        var found: [UInt64] = []
        let skipped = try store.read { snapshot in
            try store.tables.scanDue(from: entry(0), in: snapshot) {
                found.append($0.delivery.position.value)
                return true
            }
        }
        #expect(found == [1, 2, 4, 5])
        #expect(skipped.count == 2)
        #expect(skipped.first?.description == "due 0x000000000000001e000000000000000300000001")
    }

    @Test func `a malformed parked row does not hide those behind it`() throws {
        let store = try StoreFixture()
        try store.write { transaction in
            let entries = [1, 3].map { entry($0) }
            for entry in entries { try store.tables.putDue(entry, in: transaction) }
            try store.tables.park(entries, in: transaction)
        }
        try put(store, "parked", [UInt32(1), UInt64(2)], [1, 2, 3])
        try put(store, "parked", [UInt32(2), UInt64(2)], [1, 2, 3])
        var found: [UInt64] = []
        let skipped = try store.read { snapshot in
            try store.tables.scanParked(of: EndpointNumber(1), after: EventPosition(0), in: snapshot) {
                found.append($0.delivery.position.value)
                return true
            }
        }
        #expect(found == [1, 3] && skipped.count == 1)
    }

    @Test func `malformed keys do not hide deliveries that gather or wait behind a head`() throws {
        let store = try StoreFixture()
        let sequence = SequenceKey(endpoint: EndpointNumber(1), hash: 0xFFFF)
        try store.write { transaction in
            for position in [1, 2, 3] as [UInt64] {
                _ = try store.tables.schedule(delivery(position), dueAt: 5, sequence, in: transaction)
            }
            try store.tables.gather(GatheredEntry(delivery: delivery(9), since: 1, bytes: 10), in: transaction)
        }
        try put(store, "behind", [UInt32(1), UInt32(0)], [])
        try put(store, "gathering", [UInt32(1), UInt32(0)], [])
        try store.write { transaction in
            var gathered: [UInt64] = []
            let skipped = try store.tables.scanGathering(of: EndpointNumber(1), in: transaction) {
                gathered.append($0.delivery.position.value)
                return true
            }
            #expect(gathered == [9] && skipped.count == 1)
            let behind = try store.tables.takeBehind(of: EndpointNumber(1), limit: 9, in: transaction)
            #expect(behind.map(\.delivery.position.value) == [2, 3])
        }
    }

    @Test func `recovery finds the endpoints after a malformed key`() throws {
        let store = try StoreFixture()
        try store.write { transaction in
            let entries = [entry(1)]
            for entry in entries { try store.tables.putDue(entry, in: transaction) }
            try store.tables.park(entries, in: transaction)
        }
        try put(store, "parked", [UInt32(0)], [1])
        let state = try store.directory.recover()
        #expect(state.endpointsWithParked == [EndpointNumber(1)])
        #expect(state.skipped.count == 1 && state.skipped.first?.table == "parked")
    }
}
