import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct SequencesTests {
    private func sequence(_ text: String, endpoint: UInt32 = 1) -> SequenceKey {
        Array(text.utf8).withUnsafeBytes { SequenceKey(endpoint: EndpointNumber(endpoint), orderingKey: $0) }
    }

    private func entry(_ position: UInt64, due: Int64 = 1_000) -> PendingEntry {
        let delivery = DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(1))
        return PendingEntry(delivery: delivery, dueAt: due, attempts: 0)
    }

    @Test func theHashOnDiskIsFNV1a() {
        #expect(sequence("").hash == 0xcbf2_9ce4_8422_2325)
        #expect(sequence("a").hash == 0xaf63_dc4c_8601_ec8c)
        #expect(sequence("foobar").hash == 0x8594_4171_f739_67e8)
    }

    @Test func theFirstIsHeadTheOthersFollowByPosition() throws {
        let store = try StoreFixture()
        let a = sequence("a")
        try store.write { transaction in
            var heads: [Bool] = []
            for position in [5, 9, 7] as [UInt64] {
                heads.append(try store.tables.enter(entry(position), a, in: transaction))
            }
            #expect(heads == [true, false, false])
            let behind = try store.tables.advance(past: entry(7).delivery, a, now: 2_000, in: transaction)
            #expect(behind == nil, "it is not head")
            let first = try store.tables.advance(past: entry(5).delivery, a, now: 2_000, in: transaction)
            #expect(first == entry(7, due: 2_001))
            let second = try store.tables.advance(past: entry(7).delivery, a, now: 500, in: transaction)
            #expect(second == entry(9, due: 1_000))
            let end = try store.tables.advance(past: entry(9).delivery, a, now: 2_000, in: transaction)
            let head = try store.tables.head(of: a, in: transaction)
            #expect(end == nil && head == nil)
        }
    }

    @Test func aHoldIsReleasedByItsHolderByAnyReleaseOrByTheReturnOfItsHead() throws {
        let store = try StoreFixture()
        let a = sequence("a")
        try store.write { transaction in
            for position in [1, 2, 3] as [UInt64] { _ = try store.tables.enter(entry(position), a, in: transaction) }
            try store.tables.hold(entry(2).delivery, a, in: transaction)
            let notHead = try store.tables.release(a, now: 1, in: transaction)
            #expect(!notHead.wasHeld, "only the head holds")
            try store.tables.hold(entry(1).delivery, a, in: transaction)
            let other = try store.tables.release(a, heldBy: EventPosition(2), now: 1, in: transaction)
            #expect(!other.wasHeld)
            // Delivered again: it is head still, and holds nothing.
            let isHead = try store.tables.enter(entry(1), a, in: transaction)
            let again = try store.tables.release(a, now: 1, in: transaction)
            #expect(isHead && !again.wasHeld)
            try store.tables.hold(entry(1).delivery, a, in: transaction)
            let release = try store.tables.release(a, heldBy: EventPosition(1), now: 1, in: transaction)
            #expect(release.wasHeld && release.next?.delivery == entry(2).delivery)
        }
    }

    @Test func slicesStayWithinTheirEndpointAndLimit() throws {
        let store = try StoreFixture()
        try store.write { transaction in
            for endpoint in [1, 2] as [UInt32] {
                for position in 1...6 as ClosedRange<UInt64> {
                    let delivery = DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
                    let pending = PendingEntry(delivery: delivery, dueAt: 1, attempts: 0)
                    let key = sequence("\(position % 2)", endpoint: endpoint)
                    _ = try store.tables.enter(pending, key, in: transaction)
                }
            }
            let first = try store.tables.takeBehind(of: EndpointNumber(1), limit: 3, in: transaction)
            let second = try store.tables.takeBehind(of: EndpointNumber(1), limit: 3, in: transaction)
            #expect(first.count == 3 && second.count == 1)
            #expect((first + second).allSatisfy { $0.delivery.endpoint == EndpointNumber(1) })
            let mine = try store.tables.hasBehind(EndpointNumber(1), in: transaction)
            let theirs = try store.tables.hasBehind(EndpointNumber(2), in: transaction)
            #expect(!mine && theirs)
            let heads = try store.tables.forgetHeads(of: EndpointNumber(1), limit: 10, in: transaction)
            #expect(heads == 2)
        }
        let recovered = try store.directory.recover()
        #expect(recovered.endpointsWithHeads == [EndpointNumber(2)])
        #expect(recovered.endpointsWithBehind == [EndpointNumber(2)])
        #expect(recovered.pendingCount.behind == 4)
    }

    @Test func aRowKeepsItsBondAndAnotherLengthIsDamage() throws {
        let store = try StoreFixture()
        let delivery = entry(1).delivery
        for bond in [.sequence(77), .batch(leader: EventPosition(5)), .none] as [DeliveryRow.Bond] {
            let row = DeliveryRow(
                state: .deadLettered, outcome: .timedOut, attempts: 3, dueAt: 0, finishedAt: 9, bond: bond)
            try store.write { transaction in try store.tables.update(delivery, row, in: transaction) }
            let read = try store.read { snapshot in try store.tables.delivery(delivery, in: snapshot) }
            #expect(read == row)
        }
    }
}
