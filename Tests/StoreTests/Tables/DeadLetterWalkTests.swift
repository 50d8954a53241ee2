import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

/// What a search through dead letters reads: counted by the fault plan, which sees every read.
@Suite struct DeadLetterWalkTests {
    private func delivery(_ position: UInt64, _ endpoint: UInt32 = 1) -> DeliveryID {
        DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
    }

    /// A store with many dead letters, of which every hundredth has its event.
    private func store(_ count: UInt64 = 20_000) throws -> StoreFixture {
        let store = try StoreFixture(durability: .none)
        try store.write { transaction in
            for position in 1...count {
                try store.tables.putDeadLetter(
                    delivery(position), at: Int64(position), outcome: .timedOut, status: 0, attempts: 3, in: transaction
                )
                guard position % 100 == 0 else { continue }
                let id = EventID(high: 9, low: position)
                let record = Sample.recordBytes(id: id, type: position % 200 == 0 ? "order.paid" : "order.made")
                _ = try record.withUnsafeBytes { bytes in
                    try store.tables.insert(
                        bytes, checksum: Tables.checksum(bytes), id: id, at: EventPosition(position),
                        tenant: TenantNumber(position % 300 == 0 ? 2 : 1), acceptedAt: 0, in: transaction)
                }
            }
        }
        return store
    }

    /// All that match, and the reads that it took.
    private func search(
        _ store: StoreFixture, _ query: DeadLetterQuery, bytes: Int = .max, slices: Int = 1_000
    ) throws -> (found: [UInt64], reads: Int, slices: Int) {
        let before = store.faults.count(of: .read)
        var walk = DeadLetterWalk(query)
        var found: [UInt64] = []
        var count = 0
        while !walk.isOver, count < slices {
            found += try store.read { snapshot in
                try walk.next(store.tables, found: 512, scanned: 2_048, bytes: bytes, in: snapshot)
            }.map(\.delivery.position.value)
            count += 1
        }
        return (found, store.faults.count(of: .read) - before, count)
    }

    @Test func `a named delivery is one read`() throws {
        let store = try store()
        var query = DeadLetterQuery()
        query.deliveries = [delivery(15_000)]
        let one = try search(store, query)
        #expect(one.found == [15_000] && one.reads <= 2 && one.slices == 1)
        query.deliveries = [delivery(15_000, 2), delivery(7), delivery(30_000), delivery(8)]
        #expect(try search(store, query).found == [7, 8])
    }

    @Test func `a named event is found by its id`() throws {
        let store = try store()
        var query = DeadLetterQuery()
        query.events = [EventID(high: 9, low: 15_000)]
        let one = try search(store, query)
        #expect(one.found == [15_000] && one.reads <= 8 && one.slices == 1)
        // One of tenant 2, one that has no event, one of another endpoint.
        query.events = [EventID(high: 9, low: 300), EventID(high: 9, low: 301), EventID(high: 9, low: 400)]
        #expect(try search(store, query).found == [300, 400])
        query.endpoints = [EndpointNumber(2)]
        #expect(try search(store, query).found == [])
    }

    @Test func `all conditions hold together`() throws {
        let store = try store(1_000)
        var query = DeadLetterQuery()
        query.deliveries = [delivery(100), delivery(200), delivery(300)]
        query.types = Subscription([.exact("order.made")])
        #expect(try search(store, query).found == [100, 300])
        query.events = [EventID(high: 9, low: 300)]
        #expect(try search(store, query).found == [300])
        query.since = 301
        #expect(try search(store, query).found == [])
    }

    @Test func `many named deliveries are looked up in slices`() throws {
        let store = try store(3_000)
        var query = DeadLetterQuery()
        query.deliveries = Set((1...3_000).map { delivery($0) })
        let all = try search(store, query)
        #expect(all.found == Array(1...3_000) && all.slices > 5)
    }

    @Test(arguments: [1, 10_000, 1_000_000])
    func `a slice is bounded by the bytes that it reads, and nothing is missed`(bytes: Int) throws {
        let store = try StoreFixture(durability: .none)
        for position in 1...40 as ClosedRange<UInt64> {
            _ = try store.store(position, payload: 5_000)
            try store.write { transaction in
                try store.tables.putDeadLetter(
                    delivery(position), at: 1, outcome: .timedOut, status: 0, attempts: 3, in: transaction)
            }
        }
        var table = DeadLetterQuery()
        table.types = Subscription([.everything])
        var named = table
        named.deliveries = Set((1...40).map { delivery($0) })
        var events = table
        events.events = Set((1...40).map { EventID(high: 9, low: $0) })
        for query in [table, named, events] {
            let all = try search(store, query, bytes: bytes)
            #expect(all.found == Array(1...40))
            // A slice goes on after the event that reached the limit.
            #expect(all.slices >= 40 / (bytes / 5_000 + 1))
        }
    }
}
