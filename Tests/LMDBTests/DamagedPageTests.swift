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

    // LMDB ends the process where a cursor steps onto such a page: without a line, an operator sees only the signal.
    @Test func `an assertion of LMDB names the directory before the process ends`() async throws {
        let result = await #expect(processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]) {
            let tests = DamagedPageTests()
            let (environment, database) = try tests.open()
            try tests.damage(100)
            try environment.read { snapshot throws(LMDBError) in
                var cursor = try snapshot.cursor(database)
                var entry = try cursor.seek(Key(0))
                while entry != nil { entry = try cursor.next() }
            }
        }
        let line = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(line.contains("the data file in ") && line.contains("is damaged"))
        #expect(line.contains("see \"The directory is damaged\" in the Runbook"))
    }
}
