import Glibc
import LMDB
import TestSupport
import Testing

/// Snapshots of other processes (F7): dead ones are freed, old ones are named, and the writer reads when all slots are taken.
@Suite(.timeLimit(.minutes(1))) struct ReaderTests {
    private let directory = TemporaryDirectory()

    private func open(readers: Int = 16) throws -> (Environment, Database) {
        let environment = try Environment(
            path: directory.path, mapBytes: 1 << 22, databases: 4, readers: readers, durability: .none)
        let transaction = try environment.beginWrite()
        let database = try transaction.open("t")
        try transaction.commit()
        return (environment, database)
    }

    private func put(_ number: UInt64, _ environment: Environment, _ database: Database) throws(LMDBError) {
        let transaction = try environment.beginWrite()
        _ = try transaction.reserve(database, Key(number), count: 8)
        try transaction.commit()
    }

    @Test func theOldestSnapshotIsNamedByItsProcess() throws {
        let (environment, database) = try open()
        #expect(try environment.oldestReader() == nil)
        let other = try StoreReader(directory.path)
        let seen = environment.info.lastTransaction
        try put(1, environment, database)
        let later = try StoreReader(directory.path)
        let oldest = try #require(try environment.oldestReader())
        #expect(oldest.process == other.pid)
        #expect(oldest.transaction == UInt64(seen))
        other.kill()
        #expect(try environment.removeDeadReaders() == 1)
        #expect(try environment.oldestReader()?.process == later.pid)
    }

    // A killed copy pinned every freed page until the next start.
    @Test func theSlotOfAKilledProcessIsFreed() throws {
        let (environment, _) = try open()
        let other = try StoreReader(directory.path, snapshots: 3)
        #expect(try environment.removeDeadReaders() == 0)
        other.kill()
        #expect(try environment.oldestReader()?.process == other.pid)
        #expect(try environment.removeDeadReaders() == 3)
        #expect(try environment.oldestReader() == nil)
    }

    // Dead readers took every slot: the next snapshot ended the process.
    @Test func slotsOfKilledProcessesAreFreedWhenThereIsNoOther() throws {
        let (environment, _) = try open(readers: 8)
        let other = try StoreReader(directory.path, snapshots: 100)
        #expect(other.snapshots == 7)
        other.kill()
        #expect(throws: Never.self) { try environment.read { _ in } }
        #expect(try environment.oldestReader() == nil)
    }

    @Test func theWriterReadsWhenLivingReadersHaveEverySlot() throws {
        let (environment, database) = try open(readers: 8)
        let other = try StoreReader(directory.path, snapshots: 100)
        try put(1, environment, database)
        for number in 2..<5 as Range<UInt64> {
            let seen = try environment.read { snapshot in try snapshot.get(database, Key(number - 1)) != nil }
            #expect(seen)
            try put(number, environment, database)
        }
        // One slot is kept: a second snapshot inside the first has none.
        try environment.read { _ in
            let error = #expect(throws: LMDBError.self) { try environment.read { _ in } }
            #expect(error?.isReadersFull == true)
        }
        other.kill()
        try environment.read { _ in try environment.read { _ in } }
    }

    // The kept slot shows nothing between its snapshots, or it would pin pages itself.
    @Test func theKeptSlotPinsNothing() throws {
        let (environment, database) = try open(readers: 8)
        let other = try StoreReader(directory.path, snapshots: 100)
        try environment.read { _ in }
        other.kill()
        try environment.removeDeadReaders()
        for number in 1..<4 as Range<UInt64> { try put(number, environment, database) }
        #expect(try environment.oldestReader() == nil)
    }
}
