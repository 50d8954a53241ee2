import Glibc
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct EventsTests {
    @Test(arguments: [0, 100, 3_800, 3_976, 4_000, 4_001, 8_000, 100_000, 262_144])
    func aRecordOfAnySizeIsReadBackCompletely(payload: Int) throws {
        let store = try StoreFixture()
        let record = try store.store(1, payload: payload)
        try store.reopen()
        let reading = try store.read { snapshot in try store.tables.event(at: EventPosition(1), in: snapshot) }
        guard case .event(let event) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(event.bytes == record)
        #expect(event.record.payload.count == payload)
    }

    @Test func theIdIndexFindsTheEventOfItsTenantOnly() throws {
        let store = try StoreFixture()
        _ = try store.store(1)
        try store.read { snapshot in
            let id = EventID(high: 9, low: 1)
            let mine = try store.tables.find(id, of: TenantNumber(1), in: snapshot)
            let theirs = try store.tables.find(id, of: TenantNumber(2), in: snapshot)
            let other = try store.tables.find(EventID(high: 9, low: 2), of: TenantNumber(1), in: snapshot)
            #expect(mine?.position == EventPosition(1))
            #expect(theirs == nil && other == nil)
        }
    }

    @Test(arguments: [10, 20_000])
    func aFlippedBitOnDiskIsDamageAndNeverAnEvent(payload: Int) throws {
        let store = try StoreFixture()
        _ = try store.store(1, payload: payload)
        let path = store.folder.path + "/data/data.mdb"
        try store.flip(payload: payload, path: path)
        let reading = try store.read { snapshot in try store.tables.event(at: EventPosition(1), in: snapshot) }
        guard case .damaged = reading else {
            Issue.record("a damaged record was read as \(reading)")
            return
        }
    }

    @Test func anEventThatWasNeverStoredIsMissing() throws {
        let store = try StoreFixture()
        let reading = try store.read { snapshot in try store.tables.event(at: EventPosition(5), in: snapshot) }
        guard case .missing = reading else {
            Issue.record("\(reading)")
            return
        }
    }
}

extension StoreFixture {
    /// Flips one bit in the middle of the payload's run of 'A' in the closed file.
    func flip(payload: Int, path: String) throws {
        let file = open(path, O_RDWR)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        let count = pread(file, &bytes, bytes.count, 0)
        let run = [UInt8](repeating: 65, count: min(payload, 10))
        var flipped = false
        for offset in 0..<(count - run.count)
        where bytes[offset] == 65 && Array(bytes[offset..<offset + run.count]) == run {
            var byte = bytes[offset] ^ 1
            flipped = pwrite(file, &byte, 1, off_t(offset)) == 1
            break
        }
        try #require(flipped)
    }
}
