import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

/// Each bit of a row's key and value, flipped: the row is stepped over, and never read as another delivery's.
@Suite struct FlippedBitsTests {
    private let delivery = DeliveryID(position: EventPosition(3), endpoint: EndpointNumber(5))

    /// The only row of a table.
    private func row(_ store: StoreFixture, _ table: String) throws -> (key: [UInt8], value: [UInt8]) {
        let transaction = try store.directory.environment.beginWrite()
        return try row(table, in: transaction)
    }

    private func row(_ table: String, in transaction: borrowing WriteTransaction) throws -> (
        key: [UInt8], value: [UInt8]
    ) {
        var cursor = try transaction.cursor(try transaction.open(table))
        let entry = try #require(try cursor.first())
        return (Array(entry.key), Array(entry.value))
    }

    /// Puts the row with one bit flipped, asks what is read, and puts it back.
    private func eachFlip(
        _ store: StoreFixture, _ table: String, _ read: (borrowing WriteTransaction) throws -> Bool
    ) throws {
        let (key, value) = try row(store, table)
        for bit in 0..<(key.count + value.count) * 8 {
            var (key, value) = (key, value)
            if bit < key.count * 8 {
                key[bit / 8] ^= 1 << UInt8(bit % 8)
            } else {
                value[bit / 8 - key.count] ^= 1 << UInt8(bit % 8)
            }
            let transaction = try store.directory.environment.beginWrite()
            do {
                let database = try transaction.open(table)
                var cursor = try transaction.cursor(database)
                _ = try cursor.first()
                try cursor.delete()
            }
            try value.withUnsafeBytes { bytes in
                try transaction.put(
                    try transaction.open(table), try #require(key.withUnsafeBytes { Key($0) }), bytes)
            }
            #expect(try !read(transaction), "bit \(bit) of the row in \(table)")
        }
    }

    @Test func `a flipped bit of a due row is detected`() throws {
        let store = try StoreFixture()
        let entry = PendingEntry(delivery: delivery, dueAt: 1_000, attempts: 2)
        try store.write { try store.tables.putDue(entry, in: $0) }
        try eachFlip(store, "due") { transaction in
            var found = false
            let zero = DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0))
            _ = try store.tables.scanDue(
                from: PendingEntry(delivery: zero, dueAt: 0, attempts: 0), in: transaction
            ) { _ in
                found = true
                return true
            }
            return found
        }
    }

    @Test func `a flipped bit of a parked row is detected`() throws {
        let store = try StoreFixture()
        let entry = PendingEntry(delivery: delivery, dueAt: 1_000, attempts: 2)
        try store.write {
            try store.tables.putDue(entry, in: $0)
            try store.tables.park([entry], in: $0)
        }
        try eachFlip(store, "parked") { transaction in
            var found = false
            for bit in -1..<32 {
                let endpoint = EndpointNumber(bit < 0 ? 5 : 5 ^ (1 << UInt32(bit)))
                _ = try store.tables.scanParked(of: endpoint, after: EventPosition(0), in: transaction) { _ in
                    found = true
                    return true
                }
            }
            return found
        }
    }

    @Test func `a flipped bit of a delivery's row is detected`() throws {
        let store = try StoreFixture()
        let row = DeliveryRow(state: .scheduled, attempts: 2, dueAt: 1_000, bond: .sequence(77))
        try store.write { try store.tables.update(delivery, row, in: $0) }
        try eachFlip(store, "deliveries") { transaction in
            let (key, _) = try self.row("deliveries", in: transaction)
            let flipped = key.withUnsafeBytes { key in
                DeliveryID(
                    position: EventPosition(key.uint64(at: 0)), endpoint: EndpointNumber(key.uint32(at: 8)))
            }
            return try store.tables.delivery(flipped, in: transaction) != nil
        }
    }
}
