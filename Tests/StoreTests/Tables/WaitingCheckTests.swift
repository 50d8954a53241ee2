import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

/// Every scheduled delivery waits in exactly one place.
@Suite struct WaitingCheckTests {
    private let now: Int64 = 1_000_000
    private let sequence = SequenceKey(endpoint: EndpointNumber(2), hash: 77)

    private func delivery(_ position: UInt64, _ endpoint: UInt32 = 1) -> DeliveryID {
        DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
    }

    private func entry(_ position: UInt64, due: Int64 = 1_000) -> PendingEntry {
        PendingEntry(delivery: delivery(position), dueAt: due, attempts: 0)
    }

    /// A store in which deliveries wait in every way: due, parked, in order, gathering, in a batch; and some are final.
    private func store() throws -> StoreFixture {
        let store = try StoreFixture(durability: .none)
        let tables = store.tables
        try store.write { transaction in
            for position in 1...30 as ClosedRange<UInt64> {
                try tables.schedule(delivery(position, 1), dueAt: 1_000, in: transaction)
                _ = try tables.schedule(delivery(position, 2), dueAt: 1_000, sequence, in: transaction)
                try tables.schedule(
                    GatheredEntry(delivery: delivery(position, 3), since: 5, bytes: 100), in: transaction)
            }
            // The head is done, and the next is head under a later time.
            try tables.remove(delivery(1, 2), from: .due(1_000), in: transaction)
            try tables.update(
                delivery(1, 2), DeliveryRow(state: .delivered, dueAt: 0, bond: .sequence(77)), in: transaction)
            _ = try tables.advance(past: delivery(1, 2), sequence, now: now, in: transaction)
            // Two batches of four; the rest gathers on.
            for number in 1...2 as ClosedRange<UInt64> {
                _ = try tables.formBatch(
                    of: EndpointNumber(3), BatchRule(maxEvents: 4), id: BatchID(high: 1, low: number), now: now,
                    in: transaction)
            }
            try tables.park((1...10).map { entry($0) }, in: transaction)
            try tables.remove(delivery(20), from: .due(1_000), in: transaction)
            try tables.update(delivery(20), DeliveryRow(state: .delivered, dueAt: 0), in: transaction)
        }
        return store
    }

    /// All slices, one after another.
    private func verify(_ store: StoreFixture, limit: Int = 7) throws -> WaitingCheck {
        var all = WaitingCheck()
        repeat {
            let slice = try store.read { snapshot in
                try store.tables.verifyWaiting(from: all.next, limit: limit, now: now, in: snapshot)
            }
            all.missing += slice.missing
            all.doubled += slice.doubled
            all.scheduled += slice.scheduled
            all.undecided += slice.undecided
            all.damaged += slice.damaged
            all.next = slice.next
        } while all.next != nil
        return all
    }

    @Test(arguments: [1, 7, 1_000])
    func `a consistent store has no findings`(limit: Int) throws {
        let store = try store()
        var expected = WaitingCheck()
        expected.scheduled = 88
        #expect(try verify(store, limit: limit) == expected)
        let due = try store.read { snapshot in try store.tables.verifyDue(from: nil, limit: 1_000, in: snapshot) }
        #expect(due == DueCheck())
    }

    @Test func `a delivery that waits nowhere is missing, wherever it should wait`() throws {
        let store = try store()
        let lost = [delivery(5, 1), delivery(9, 2), delivery(15, 1), delivery(25, 3)]
        try store.write { transaction in
            try store.tables.remove(delivery(5, 1), from: .parked, in: transaction)
            try store.tables.remove(delivery(15, 1), from: .due(1_000), in: transaction)
            try store.remove("behind", [UInt32(2)], [77, 9], in: transaction)
            try store.remove("gathering", [UInt32(3)], [25], in: transaction)
        }
        let found = try verify(store)
        #expect(found.missing.sorted() == lost.sorted() && found.doubled.isEmpty && found.undecided == 0)
        var entered: [PendingEntry] = []
        try store.write { transaction in
            for delivery in found.missing {
                if let entry = try store.tables.enterAgain(delivery, now: now, in: transaction) {
                    entered.append(entry)
                }
            }
        }
        // The one in order waits behind its head again.
        #expect(entered.count == 3 && entered.allSatisfy { $0.dueAt == now + 1 })
        let after = try verify(store)
        #expect(after.missing.isEmpty && after.doubled.isEmpty && after.scheduled == 88)
        // A second repair finds them in place.
        try store.write { transaction in
            for delivery in found.missing {
                let again = try store.tables.enterAgain(delivery, now: now, in: transaction)
                #expect(again == nil)
            }
        }
    }

    @Test func `a head that left the due index is missing, and so is the leader of a batch`() throws {
        let store = try store()
        try store.write { transaction in
            try store.tables.remove(delivery(2, 2), from: .due(now + 1), in: transaction)
            try store.tables.remove(delivery(1, 3), from: .due(now + 1), in: transaction)
        }
        let found = try verify(store)
        #expect(found.missing.sorted() == [delivery(1, 3), delivery(2, 2)])
        try store.write { transaction in
            for delivery in found.missing {
                let entry = try store.tables.enterAgain(delivery, now: now, in: transaction)
                #expect(entry?.dueAt == now + 1)
            }
        }
        #expect(try verify(store).missing.isEmpty)
    }

    @Test func `a delivery that waits twice keeps one entry`() throws {
        let store = try store()
        try store.write { transaction in
            // Parked and due; due and gathering.
            try store.tables.putDue(entry(3), in: transaction)
            try store.tables.gather(GatheredEntry(delivery: delivery(12), since: 1, bytes: 9), in: transaction)
        }
        let found = try verify(store)
        #expect(found.missing.isEmpty && found.doubled.map(\.delivery) == [delivery(3), delivery(12)])
        #expect(found.doubled.map(\.kept) == [.due(1_000), .due(1_000)])
        #expect(found.doubled.map(\.surplus) == [[.parked], [.gathering]])
        try store.write { transaction in
            for doubled in found.doubled {
                let removed = try store.tables.removeSurplus(doubled, in: transaction)
                #expect(removed == 1)
            }
        }
        let after = try verify(store)
        #expect(after.doubled.isEmpty && after.missing.isEmpty)
    }

    @Test func `entries of the due index without a delivery are stale`() throws {
        let store = try store()
        try store.write { transaction in
            // No such delivery; one that is delivered; one that stands there twice.
            for entry in [entry(99), entry(20), entry(15, due: 2_000)] {
                try store.tables.putDue(entry, in: transaction)
            }
        }
        var (stale, doubled, place): ([PendingEntry], [PendingEntry], PendingEntry?) = ([], [], nil)
        repeat {
            let slice = try store.read { snapshot in
                try store.tables.verifyDue(from: place, limit: 3, in: snapshot)
            }
            stale += slice.stale
            doubled += slice.doubled
            place = slice.next
        } while place != nil
        #expect(stale == [entry(20), entry(99)] && doubled == [entry(15, due: 2_000)])
        try store.write { transaction in
            for entry in stale + doubled {
                let removed = try store.tables.removeStale(entry, in: transaction)
                #expect(removed)
            }
            // One that is in place is left alone.
            let removed = try store.tables.removeStale(entry(16), in: transaction)
            #expect(!removed)
        }
        let (known, unknown) = try store.read { snapshot in
            (
                try store.tables.isScheduled(delivery(16), in: snapshot),
                try store.tables.isScheduled(delivery(99), in: snapshot)
            )
        }
        #expect(known && !unknown)
    }

    @Test func `a damaged row is neither missing nor in place`() throws {
        let store = try store()
        try store.write { transaction in
            var key = Key(UInt64(15))
            key.append(UInt32(1))
            let bytes = [UInt8](repeating: 1, count: 28)
            try bytes.withUnsafeBytes { try transaction.put(try transaction.open("deliveries"), key, $0) }
        }
        let found = try verify(store)
        #expect(found.damaged.count == 1 && found.missing.isEmpty && found.scheduled == 87)
        let due = try store.read { snapshot in try store.tables.verifyDue(from: nil, limit: 1_000, in: snapshot) }
        #expect(due.stale.isEmpty)
    }
}

extension StoreFixture {
    /// Removes a row by its table's name, as damage might: numbers of 32 bits, then of 64.
    func remove(
        _ table: String, _ short: [UInt32], _ long: [UInt64], in transaction: borrowing WriteTransaction
    ) throws {
        var key = Key()
        for number in short { key.append(number) }
        for number in long { key.append(number) }
        let removed = try transaction.delete(try transaction.open(table), key)
        #expect(removed)
    }
}
