import Glibc
import LMDB
import TestSupport
import Testing

@Suite struct FaultPlanTests {
    private let directory = TemporaryDirectory()
    private let faults = FaultPlan()

    private func open(_ faults: FaultPlan?) throws -> (Environment, Database) {
        let environment = try Environment(
            path: directory.path, mapBytes: 1 << 22, databases: 4, durability: .none, faults: faults)
        let transaction = try environment.beginWrite()
        let database = try transaction.open("t")
        try transaction.commit()
        return (environment, database)
    }

    private func put(_ number: UInt64, _ environment: Environment, _ database: Database) throws(LMDBError) {
        let transaction = try environment.beginWrite()
        _ = try transaction.reserve(database, Key(number), count: 1)
        try transaction.commit()
    }

    private func holds(_ number: UInt64, _ environment: Environment, _ database: Database) throws -> Bool {
        try environment.read { snapshot throws(LMDBError) in try snapshot.get(database, Key(number)) != nil }
    }

    @Test func `a planned put fails with its code and ends its transaction`() throws {
        let (environment, database) = try open(faults)
        try put(1, environment, database)
        faults.fail(.put, at: faults.count(of: .put) + 1, with: ENOSPC)
        let transaction = try environment.beginWrite()
        _ = try transaction.reserve(database, Key(2), count: 1)
        var codes: [CInt] = []
        do throws(LMDBError) { _ = try transaction.reserve(database, Key(3), count: 1) } catch {
            #expect(error.isNoSpace)
            codes.append(error.code)
        }
        do throws(LMDBError) { _ = try transaction.get(database, Key(1)) } catch {
            #expect(error.isEndedTransaction)
            codes.append(error.code)
        }
        do throws(LMDBError) { try transaction.commit() } catch {
            #expect(error.isEndedTransaction)
            codes.append(error.code)
        }
        #expect(codes.count == 3)
        #expect(try [1, 2, 3].map { try holds($0, environment, database) } == [true, false, false])
    }

    @Test func `a claim and a delete can fail too`() throws {
        let (environment, database) = try open(faults)
        try put(1, environment, database)
        faults.failAll(.put, with: EIO)
        #expect(throws: LMDBError(code: EIO, operation: "mdb_cursor_put t (planned fault)")) {
            let transaction = try environment.beginWrite()
            _ = try transaction.claim(database, Key(9), count: 1)
        }
        faults.failAll(.put, with: nil)
        faults.fail(.delete, at: faults.count(of: .delete), with: EIO)
        #expect(throws: LMDBError(code: EIO, operation: "mdb_cursor_del t (planned fault)")) {
            let transaction = try environment.beginWrite()
            try transaction.delete(database, Key(1))
        }
        #expect(try holds(1, environment, database))
    }

    @Test func `reads fail by key and by cursor, and are counted`() throws {
        let (environment, database) = try open(faults)
        try put(1, environment, database)
        let before = faults.count(of: .read)
        try environment.read { snapshot throws(LMDBError) in
            _ = try snapshot.get(database, Key(1))
            var cursor = try snapshot.cursor(database)
            _ = try cursor.first()
            _ = try cursor.next()
        }
        #expect(faults.count(of: .read) - before == 3)
        for failing in 0..<2 {
            faults.fail(.read, at: faults.count(of: .read) + failing, with: EIO)
            #expect(throws: LMDBError.self) {
                try environment.read { snapshot throws(LMDBError) in
                    _ = try snapshot.get(database, Key(1))
                    var cursor = try snapshot.cursor(database)
                    _ = try cursor.first()
                }
            }
        }
        #expect(try holds(1, environment, database))
    }

    @Test(arguments: [FaultPlan.End.before, .after])
    func `a new process finds what a process that ended around a commit left`(end: FaultPlan.End) throws {
        do {
            let (environment, database) = try open(faults)
            try put(1, environment, database)
            faults.endProcess(end, commit: faults.commitCount + 1)
            try put(2, environment, database)
            #expect(throws: LMDBError.processEnded) { try put(3, environment, database) }
            #expect(faults.hasEnded)
            // Nothing can be done with it any more.
            #expect(throws: LMDBError.processEnded) { _ = try environment.beginWrite() }
            #expect(throws: LMDBError.processEnded) { _ = try holds(1, environment, database) }
        }
        let (environment, database) = try open(nil)
        #expect(try [1, 2, 3].map { try holds($0, environment, database) } == [true, true, end == .after])
    }

    @Test func `a snapshot that was open when the process ended reads nothing more`() throws {
        let (environment, database) = try open(faults)
        try put(1, environment, database)
        faults.endProcess(.after, commit: faults.commitCount)
        #expect(throws: LMDBError.processEnded) {
            try environment.read { snapshot throws(LMDBError) in
                do throws(LMDBError) { try put(2, environment, database) } catch {}
                _ = try snapshot.get(database, Key(1))
            }
        }
    }

    @Test func `without durability commits outlive the environment`() throws {
        do {
            let (environment, database) = try open(nil)
            for number in 0..<100 as Range<UInt64> { try put(number, environment, database) }
        }
        let (environment, database) = try open(nil)
        let count = try environment.read { snapshot throws(LMDBError) in try snapshot.count(database) }
        #expect(count == 100)
    }
}
