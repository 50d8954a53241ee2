import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct BatchesTests {
    private let endpoint = EndpointNumber(1)
    private let id = BatchID(high: 7, low: 8)

    private func delivery(_ position: UInt64) -> DeliveryID {
        DeliveryID(position: EventPosition(position), endpoint: endpoint)
    }

    private func gather(_ store: StoreFixture, _ positions: [UInt64], bytes: Int = 100) throws {
        try store.write { transaction in
            for position in positions {
                let entry = GatheredEntry(delivery: delivery(position), since: Int64(position), bytes: bytes)
                try store.tables.gather(entry, in: transaction)
            }
        }
    }

    /// The members' positions of one batch after another.
    private func form(_ store: StoreFixture, _ rule: BatchRule) throws -> [[UInt64]] {
        var made: [[UInt64]] = []
        try store.write { transaction in
            while let batch = try store.tables.formBatch(of: endpoint, rule, id: id, now: 50, in: transaction) {
                made.append(batch.members.map(\.delivery.position.value))
            }
        }
        return made
    }

    @Test(
        arguments: [
            (BatchRule(maxEvents: 2), 100, [[1, 2], [5, 9], [10]]),
            (BatchRule(maxEvents: 1), 100, [[1], [2], [5], [9], [10]]),
            (BatchRule(maxEvents: 9, maxBytes: 302), 100, [[1, 2, 5], [9, 10]]),
            (BatchRule(maxEvents: 9, maxBytes: 301), 100, [[1, 2], [5, 9], [10]]),
            (BatchRule(maxEvents: 9, maxBytes: 50), 100, [[1], [2], [5], [9], [10]]),
        ] as [(BatchRule, Int, [[UInt64]])])
    func aBatchTakesTheFirstEventsThatFit(rule: BatchRule, bytes: Int, expected: [[UInt64]]) throws {
        let store = try StoreFixture()
        try gather(store, [9, 2, 10, 1, 5], bytes: bytes)
        #expect(try form(store, rule) == expected)
        let pending = try store.directory.recover().pendingCount
        #expect(pending.gathering == 0 && pending.due == expected.count && pending.batched == 5 - expected.count)
    }

    @Test func aThousandMembersAreReadBackFromOnePage() throws {
        let store = try StoreFixture()
        let positions = (1...1_000).map { UInt64($0) * 4_000_000 }
        try gather(store, positions)
        #expect(try form(store, BatchRule(maxEvents: 1_000, maxBytes: 1 << 20)) == [positions])
        let row = try store.read { snapshot in try store.tables.batch(ledBy: delivery(positions[0]), in: snapshot) }
        #expect(row == BatchRow(id: id, members: positions.map { EventPosition($0) }))
    }

    @Test func anEventTooFarAwayForTheRowBeginsANewBatch() throws {
        let store = try StoreFixture()
        try gather(store, [1, 2, 2 + UInt64(UInt32.max), 3 + 2 * UInt64(UInt32.max)])
        #expect(try form(store, BatchRule()) == [[1, 2, 2 + UInt64(UInt32.max)], [3 + 2 * UInt64(UInt32.max)]])
    }

    @Test func aClosedBatchIsNotOpenAnyMore() throws {
        let store = try StoreFixture()
        try gather(store, [1, 2])
        _ = try form(store, BatchRule())
        try store.write { transaction in
            let batch = try #require(try store.tables.batch(ledBy: delivery(1), in: transaction))
            try store.tables.close(batch, ledBy: delivery(1), in: transaction)
            let open = try store.tables.batch(ledBy: delivery(1), in: transaction)
            #expect(open == nil)
        }
        let recovered = try store.directory.recover()
        #expect(recovered.endpointsWithBatches == [endpoint] && recovered.pendingCount.batched == 0)
    }
}
