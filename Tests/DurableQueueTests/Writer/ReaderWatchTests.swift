import DurableQueue
import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

/// The writer frees the slots of dead readers, and names the one that makes the file grow (F7).
@Suite(.timeLimit(.minutes(1))) struct ReaderWatchTests {
    private let folder = TemporaryDirectory()

    private func open() throws -> (Environment, Database) {
        let environment = try Environment(path: folder.path, mapBytes: 1 << 30, databases: 4, durability: .none)
        let transaction = try environment.beginWrite()
        let database = try transaction.open("t")
        try transaction.commit()
        return (environment, database)
    }

    /// Lengthens the file by at least `bytes`.
    private func grow(_ bytes: Int, _ environment: Environment, _ database: Database) throws {
        let transaction = try environment.beginWrite()
        _ = try transaction.reserve(database, Key(UInt64(environment.info.lastTransaction)), count: bytes)
        try transaction.commit()
    }

    @Test func theSlotOfAKilledProcessIsFreedWithinAMinute() throws {
        let (environment, _) = try open()
        var watch = ReaderWatch()
        #expect(try watch.look(environment, now: 0) == [])
        let other = try StoreReader(folder.path)
        other.kill()
        #expect(try watch.look(environment, now: Limits.readerCheckMilliseconds - 1) == [])
        #expect(try watch.look(environment, now: Limits.readerCheckMilliseconds) == [.dead(1)])
        #expect(try watch.look(environment, now: 2 * Limits.readerCheckMilliseconds) == [])
    }

    @Test func aFileThatGrowsFastIsLookedAtBefore() throws {
        let (environment, database) = try open()
        var watch = ReaderWatch()
        _ = try watch.look(environment, now: 0)
        let other = try StoreReader(folder.path)
        other.kill()
        try grow(Limits.readerGrowthBytes, environment, database)
        #expect(try watch.look(environment, now: 1_000) == [.dead(1)])
    }

    @Test func anOldReaderIsNamedOnceTheFileHasGrown() throws {
        let (environment, database) = try open()
        var watch = ReaderWatch()
        let other = try StoreReader(folder.path)
        #expect(try watch.look(environment, now: 0) == [])
        // It is old, and costs nothing yet.
        #expect(try watch.look(environment, now: 60_000) == [])
        try grow(Limits.readerGrowthBytes, environment, database)
        let news = try watch.look(environment, now: 120_000)
        guard case .old(let reader, let seconds, let behind, let grown)? = news.first else {
            Issue.record("no word of the old reader: \(news)")
            return
        }
        #expect(reader.process == other.pid)
        #expect(seconds == 120)
        #expect(behind == 1)
        #expect(grown >= Limits.readerGrowthBytes)
        // Said once in ten minutes, and again after them.
        #expect(try watch.look(environment, now: 180_000) == [])
        #expect(try watch.look(environment, now: 120_000 + Limits.readerLineMilliseconds).count == 1)
        other.kill()
        #expect(try watch.look(environment, now: 900_000) == [.dead(1)])
        try grow(Limits.readerGrowthBytes, environment, database)
        #expect(try watch.look(environment, now: 2_000_000) == [])
    }

    // Every snapshot of the writer failed, which ended the process.
    @Test func theWriterGoesOnWhenReadersHaveEverySlot() throws {
        let fixture = try WriterFixture()
        try fixture.provision()
        try fixture.settle()
        let other = try StoreReader(fixture.folder.path + "/data", snapshots: 2_000)
        let process = other.pid
        #expect(other.snapshots > 0)
        let batch = fixture.publish([1, 2, 3])
        fixture.advance(milliseconds: Limits.spaceCheckMilliseconds + 1)
        try fixture.settle()
        #expect(batch.drafts.map(\.result) == [.accepted, .accepted, .accepted])
        #expect(fixture.takeHanded().count == 3)
        other.kill()
        fixture.publish([4])
        fixture.advance(milliseconds: Limits.readerCheckMilliseconds + 1)
        try fixture.settle()
        #expect(fixture.takeHanded().count == 1)
        // Freed by the minute's look, or by the first snapshot that found no slot.
        #expect(try fixture.core.directory.environment.oldestReader()?.process != process)
    }
}
