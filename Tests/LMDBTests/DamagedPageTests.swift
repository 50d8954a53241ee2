import Glibc
import LMDB
import TestSupport
import Testing

/// Pages of a real data file, overwritten with zeros.
@Suite struct DamagedPageTests {
    private let directory = TemporaryDirectory()
    private let faults = FaultPlan()

    private func open() throws -> (Environment, Database) {
        let environment = try Environment(
            path: directory.path, mapBytes: 1 << 24, databases: 4, durability: .none, faults: faults)
        let transaction = try environment.beginWrite()
        let database = try transaction.open("t")
        for number in 0..<200 as Range<UInt64> {
            let room = try transaction.reserve(database, Key(number), count: 500, .append)
            room.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: number))
        }
        try transaction.commit()
        return (environment, database)
    }

    /// Zeroes the pages that hold the value of this number.
    private func damage(_ number: UInt64) throws {
        let run = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 400)
        let damaged = try DamagedPages.zero(run: run, in: directory.path + "/data.mdb")
        try #require(damaged == 1)
    }

    @Test func `a damaged page hides its own keys only, and the snapshot can be read on`() throws {
        let (environment, database) = try open()
        try damage(100)
        var unreadable: [UInt64] = []
        var read = 0
        try environment.read { snapshot throws(LMDBError) in
            for number in 0..<200 as Range<UInt64> {
                do throws(LMDBError) {
                    _ = try snapshot.contained { snapshot throws(LMDBError) in try snapshot.get(database, Key(number)) }
                    read += 1
                } catch {
                    guard error.isCorruption else { throw error }
                    unreadable.append(number)
                }
            }
        }
        #expect(unreadable.contains(100) && unreadable.count <= 8)
        #expect(read == 200 - unreadable.count)
    }

    @Test func `without containment every later read of the snapshot is refused`() throws {
        let (environment, database) = try open()
        try damage(100)
        try environment.read { snapshot throws(LMDBError) in
            var errors: [LMDBError] = []
            for number in [100, 1] as [UInt64] {
                do throws(LMDBError) { _ = try snapshot.get(database, Key(number)) } catch { errors.append(error) }
            }
            #expect(errors.map(\.isCorruption) == [true, false])
            #expect(errors.map(\.isEndedTransaction) == [false, true])
            #expect(errors.allSatisfy { $0.description.contains("damaged") && $0.description.contains("backup") })
        }
    }

    @Test func `a contained read of a damaged page leaves the write transaction usable`() throws {
        let (environment, database) = try open()
        try damage(100)
        do {
            let transaction = try environment.beginWrite()
            _ = try transaction.reserve(database, Key(500), count: 1, .append)
            var isDamaged = false
            do throws(LMDBError) {
                _ = try transaction.contained { snapshot throws(LMDBError) in try snapshot.get(database, Key(100)) }
            } catch {
                isDamaged = error.isCorruption
            }
            #expect(isDamaged)
            try transaction.commit()
        }
        let stored = try environment.read { snapshot throws(LMDBError) in try snapshot.get(database, Key(500)) != nil }
        #expect(stored)
    }

    @Test func `planned damage behaves like real damage`() throws {
        let (environment, database) = try open()
        faults.fail(.read, at: faults.count(of: .read), with: -30_797)  // MDB_PAGE_NOTFOUND
        try environment.read { snapshot throws(LMDBError) in
            var first: LMDBError?
            do throws(LMDBError) { _ = try snapshot.get(database, Key(1)) } catch { first = error }
            #expect(first?.isCorruption == true)
            var second: LMDBError?
            do throws(LMDBError) { _ = try snapshot.get(database, Key(1)) } catch { second = error }
            #expect(second?.isEndedTransaction == true)
            let goesOn = try snapshot.goOnAfterDamage()
            let found = try snapshot.get(database, Key(1)) != nil
            #expect(goesOn && found)
        }
    }

    // LMDB ends the process (an assertion) where a cursor steps onto such a page: `CLMDBGuard` makes it an error.
    @Test func `a cursor that steps onto a damaged page throws and the process goes on`() throws {
        let (environment, database) = try open()
        try damage(100)
        for _ in 1...2 {
            try environment.read { snapshot throws(LMDBError) in
                var read = 0
                do throws(LMDBError) {
                    var cursor = try snapshot.cursor(database)
                    var entry = try cursor.first()
                    while entry != nil {
                        read += 1
                        entry = try cursor.next()
                    }
                    Issue.record("the damaged page was read")
                } catch {
                    #expect(error.isCorruption && read > 90 && read <= 100)
                }
                #expect(try snapshot.goOnAfterDamage())
                #expect(try snapshot.get(database, Key(1)) != nil)
            }
        }
    }

    @Test func `a write transaction whose cursor steps onto a damaged page is undone and the next one commits`() throws
    {
        let (environment, database) = try open()
        try damage(100)
        do {
            let transaction = try environment.beginWrite()
            try transaction.put(database, Key(1_000), UnsafeRawBufferPointer(start: nil, count: 0))
            var cursor = try transaction.cursor(database)
            #expect(throws: LMDBError.self) { while try cursor.next() != nil {} }
        }
        let transaction = try environment.beginWrite()
        #expect(try transaction.get(database, Key(1_000)) == nil)
        try transaction.put(database, Key(1_001), UnsafeRawBufferPointer(start: nil, count: 0))
        try transaction.commit()
        try environment.read { snapshot throws(LMDBError) in
            #expect(try snapshot.get(database, Key(1_001)) != nil)
        }
    }
}
