import Glibc
import LMDB
import TestSupport
import Testing

@Suite struct EnvironmentTests {
    private let directory = TemporaryDirectory()

    private func open(mapBytes: Int = 1 << 22, faults: FaultPlan? = nil) throws -> (Environment, Database) {
        let environment = try Environment(path: directory.path, mapBytes: mapBytes, databases: 4, faults: faults)
        let transaction = try environment.beginWrite()
        let database = try transaction.open("t")
        try transaction.commit()
        return (environment, database)
    }

    private func put(_ number: UInt64, _ value: [UInt8], _ environment: Environment, _ database: Database)
        throws(LMDBError)
    {
        let transaction = try environment.beginWrite()
        try transaction.reserve(database, Key(number), count: value.count).copyBytes(from: value)
        try transaction.commit()
    }

    private func get(_ number: UInt64, _ environment: Environment, _ database: Database) throws -> [UInt8]? {
        try environment.read { snapshot in try snapshot.get(database, Key(number)).map { Array($0) } }
    }

    @Test func aCommittedValueIsReadBackAfterReopening() throws {
        do {
            let (environment, database) = try open()
            try put(1, [1, 2, 3], environment, database)
        }
        let (environment, database) = try open()
        #expect(try get(1, environment, database) == [1, 2, 3])
    }

    @Test func aTransactionThatGoesOutOfScopeIsUndoneAndFreesTheWriter() throws {
        let (environment, database) = try open()
        do {
            let transaction = try environment.beginWrite()
            _ = try transaction.reserve(database, Key(1), count: 1)
        }
        #expect(try get(1, environment, database) == nil)
        try put(1, [9], environment, database)
        #expect(try get(1, environment, database) == [9])
    }

    @Test func aSnapshotDoesNotSeeLaterCommits() throws {
        let (environment, database) = try open()
        try put(1, [1], environment, database)
        try environment.read { snapshot in
            try put(1, [2], environment, database)
            let seen = try snapshot.get(database, Key(1)).map { Array($0) }
            #expect(seen == [1])
        }
        #expect(try get(1, environment, database) == [2])
    }

    @Test func appendRefusesAKeyThatIsNotGreater() throws {
        let (environment, database) = try open()
        let transaction = try environment.beginWrite()
        _ = try transaction.reserve(database, Key(2), count: 1, .append)
        var refused = false
        do { _ = try transaction.reserve(database, Key(1), count: 1, .append) } catch { refused = true }
        #expect(refused)
    }

    @Test func aFullMapIsReportedAndDeletesMakeSpace() throws {
        let (environment, database) = try open(mapBytes: 40 * 4_096)
        var stored: UInt64 = 0
        var refusal: LMDBError?
        while refusal == nil, stored < 1_000 {
            do throws(LMDBError) {
                try put(stored, Array(repeating: 7, count: 3_000), environment, database)
                stored += 1
            } catch {
                refusal = error
            }
        }
        #expect(refusal?.isMapFull == true)
        #expect(stored > 5)
        for number in 0..<2 {
            let transaction = try environment.beginWrite()
            try transaction.delete(database, Key(UInt64(number)))
            try transaction.commit()
        }
        let free = try environment.read { snapshot throws(LMDBError) in try snapshot.freePages() }
        #expect(free > 0)
    }

    @Test func aPlannedFaultFailsTheCommitAndStoresNothing() throws {
        let faults = FaultPlan()
        let (environment, database) = try open(faults: faults)
        faults.failCommit(at: faults.commitCount, with: ENOSPC)
        #expect(throws: LMDBError(code: ENOSPC, operation: "mdb_txn_commit (planned fault)")) {
            try put(1, [1], environment, database)
        }
        #expect(try get(1, environment, database) == nil)
        try put(1, [1], environment, database)
        #expect(try get(1, environment, database) == [1])
    }

    @Test func aFileOfAnotherFormatIsReported() throws {
        let file = fopen(directory.path + "/data.mdb", "w")!
        fputs(String(repeating: "this is not LMDB ", count: 1_000), file)
        fclose(file)
        let error = #expect(throws: LMDBError.self) {
            _ = try Environment(path: directory.path, mapBytes: 1 << 20, databases: 1)
        }
        #expect(error?.isForeignFile == true)
    }

    @Test func releasingResidentPagesKeepsTheData() throws {
        let (environment, database) = try open()
        try put(1, Array(repeating: 5, count: 2_000), environment, database)
        environment.releaseResidentPages(over: 0)
        #expect(try get(1, environment, database)?.count == 2_000)
    }
}
