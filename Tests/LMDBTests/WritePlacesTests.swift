import LMDB
import TestSupport
import Testing

/// The write transaction keeps a cursor for each table. Whatever is done in whatever order, the tables hold what a
/// dictionary would.
@Suite struct WritePlacesTests {
    private let directory = TemporaryDirectory()

    private final class Model {
        let environment: Environment
        let databases: [Database]
        var tables: [[UInt64: [UInt8]]] = [[:], [:], [:]]
        var random: SeededRandom

        init(path: String, seed: UInt64) throws {
            environment = try Environment(path: path, mapBytes: 1 << 26, databases: 4)
            let transaction = try environment.beginWrite()
            databases = [try transaction.open("a"), try transaction.open("b"), try transaction.open("c")]
            try transaction.commit()
            random = SeededRandom(seed: seed)
        }

        private func value() -> [UInt8] {
            // Mostly small, some of half a page, some with pages of their own.
            let sizes = [2, 24, 24, 55, 700, 2_000, 5_000]
            let size = sizes.randomElement(using: &random)!
            return [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: size)
        }

        /// One operation on a random table, held against the model.
        private func step(_ transaction: borrowing WriteTransaction, next: inout UInt64) throws {
            let table = Int.random(in: 0..<3, using: &random)
            let database = databases[table]
            let key = UInt64.random(in: 0..<600, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<30:
                let value = value()
                try transaction.reserve(database, Key(key), count: value.count).copyBytes(from: value)
                tables[table][key] = value
            case 30..<45:
                let value = value()
                next += 1
                try transaction.reserve(database, Key(next), count: value.count, .append).copyBytes(from: value)
                tables[table][next] = value
            case 45..<60:
                try claim(key, table, transaction)
            case 60..<94:
                let known = tables[table].keys.max() ?? key
                let doomed = Bool.random(using: &random) ? key : known
                let removed = try transaction.delete(database, Key(doomed))
                #expect(removed == (tables[table].removeValue(forKey: doomed) != nil))
            case 94..<97:
                try removeByCursor(from: key, table, transaction)
            case 97:
                for key in tables[table].keys { _ = try transaction.delete(database, Key(key)) }
                tables[table] = [:]
            default:
                let found = try transaction.get(database, Key(key)).map { Array($0) }
                #expect(found == tables[table][key])
            }
        }

        private func claim(_ key: UInt64, _ table: Int, _ transaction: borrowing WriteTransaction) throws {
            let value = value()
            switch try transaction.claim(databases[table], Key(key), count: value.count) {
            case .room(let room):
                #expect(tables[table][key] == nil)
                room.copyBytes(from: value)
                tables[table][key] = value
            case .taken(let present):
                #expect(tables[table][key] == Array(present))
            }
        }

        /// As the retention sweep does: a cursor of one's own beside the transaction's.
        private func removeByCursor(from key: UInt64, _ table: Int, _ transaction: borrowing WriteTransaction) throws {
            var cursor = try transaction.cursor(databases[table])
            var entry = try cursor.seek(Key(key))
            for _ in 0..<5 {
                guard let found = entry else { return }
                tables[table][found.key.uint64(at: 0)] = nil
                try cursor.delete()
                entry = try cursor.next()
            }
        }

        func run(transactions: Int) throws {
            for _ in 0..<transactions {
                let before = tables
                let transaction = try environment.beginWrite()
                var next = tables.flatMap(\.keys).reduce(1_000, max)
                for _ in 0..<Int.random(in: 1...120, using: &random) { try step(transaction, next: &next) }
                try compare(transaction)
                if Int.random(in: 0..<5, using: &random) == 0 { tables = before } else { try transaction.commit() }
            }
            try environment.read { snapshot in try compare(snapshot) }
        }

        private func compare(_ transaction: borrowing some Transaction & ~Copyable) throws {
            for (table, database) in databases.enumerated() {
                var cursor = try transaction.cursor(database)
                var entry = try cursor.first()
                var found: [UInt64: [UInt8]] = [:]
                while let present = entry {
                    found[present.key.uint64(at: 0)] = Array(present.value)
                    entry = try cursor.next()
                }
                let entries = try transaction.count(database)
                #expect(entries == found.count)
                #expect(found == tables[table])
            }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func tablesHoldTheSameAsADictionary(seed: UInt64) throws {
        try Model(path: directory.path, seed: seed).run(transactions: 60)
    }

    @Test func aTransactionThatIsUndoneLeavesNoCursorBehind() throws {
        let environment = try Environment(path: directory.path, mapBytes: 1 << 22, databases: 4)
        for _ in 0..<3 {
            let undone = try environment.beginWrite()
            let database = try undone.open("t")
            try undone.reserve(database, Key(1), count: 1).copyBytes(from: [1])
        }
        let transaction = try environment.beginWrite()
        let database = try transaction.open("t")
        let value = try transaction.get(database, Key(1)).map { Array($0) }
        #expect(value == nil)
        try transaction.reserve(database, Key(2), count: 1).copyBytes(from: [2])
        try transaction.commit()
        let entries = try environment.read { snapshot in try snapshot.count(database) }
        #expect(entries == 1)
    }

    @Test func aClaimedKeyIsTakenOnce() throws {
        let environment = try Environment(path: directory.path, mapBytes: 1 << 22, databases: 4)
        let transaction = try environment.beginWrite()
        let database = try transaction.open("t")
        guard case .room(let room) = try transaction.claim(database, Key(7), count: 3) else {
            Issue.record("a new key was taken")
            return
        }
        room.copyBytes(from: [1, 2, 3])
        guard case .taken(let value) = try transaction.claim(database, Key(7), count: 9) else {
            Issue.record("a taken key was new")
            return
        }
        #expect(Array(value) == [1, 2, 3])
    }
}
