import LMDB
import TestSupport
import Testing

@Suite struct KeyTests {
    @Test func keysSortInTheDatabaseAsTheirNumbersDo() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment(path: directory.path, mapBytes: 1 << 20, databases: 1)
        let transaction = try environment.beginWrite()
        let database = try transaction.open("numbers")
        var random = SeededRandom(seed: 7)
        var pairs: [(UInt64, UInt32)] = [(0, 0), (0, .max), (.max, 0), (.max, .max), (255, 1), (256, 0)]
        for _ in 0..<200 {
            pairs.append(
                (random.next() >> UInt64.random(in: 0..<64, using: &random), .random(in: 0 ... .max, using: &random)))
        }
        for pair in pairs {
            var key = Key(pair.0)
            key.append(pair.1)
            key.append(UInt16(9))
            _ = try transaction.reserve(database, key, count: 0)
        }
        let found = try entries(of: database, in: transaction)
        try transaction.commit()
        let expected = pairs.sorted { $0 < $1 }
        #expect(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { $0 == $1 })
    }

    private func entries(
        of database: Database, in transaction: borrowing WriteTransaction
    ) throws -> [(UInt64, UInt32)] {
        var found: [(UInt64, UInt32)] = []
        var cursor = try transaction.cursor(database)
        while let entry = try cursor.next() {
            #expect(entry.key.count == 14 && entry.key.uint16(at: 12) == 9)
            found.append((entry.key.uint64(at: 0), entry.key.uint32(at: 8)))
        }
        return found
    }

    @Test func unalignedPartsKeepTheirBytes() {
        var key = Key()
        key.append(UInt32(0x0102_0304))
        key.append(UInt64(0x0506_0708_090A_0B0C))
        key.append(UInt16(0x0D0E))
        #expect(key.count == 14)
        var same = Key()
        same.append(UInt32(0x0102_0304))
        same.append(UInt32(0x0506_0708))
        same.append(UInt32(0x090A_0B0C))
        same.append(UInt16(0x0D0E))
        #expect(key == same)
    }
}
