import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct RetentionSweepTests {
    private func sweep(_ store: StoreFixture, _ sweep: inout RetentionSweep, now: Int64) throws
        -> RetentionSweep.Progress
    {
        var progress: RetentionSweep.Progress?
        try store.write { transaction in
            progress = try sweep.sweep(store.tables, limit: 100, now: now, in: transaction)
        }
        return try #require(progress)
    }

    private func isStored(_ store: StoreFixture, _ position: UInt64) throws -> Bool {
        let reading = try store.read { snapshot in try store.tables.event(at: EventPosition(position), in: snapshot) }
        guard case .event = reading else { return false }
        return true
    }

    @Test func oldFinalEventsAreRemovedWithIdsDeliveriesAndChunks() throws {
        let store = try StoreFixture()
        for position in 1...3 { _ = try store.store(UInt64(position), payload: 9_000, acceptedAt: 100) }
        _ = try store.store(4, acceptedAt: 5_000)
        for position in [1, 3, 4] as [UInt64] { try store.finish(position) }
        var retention = RetentionSweep(retention: 1_000, deadLetterRetention: 10_000)
        let progress = try sweep(store, &retention, now: 1_200)
        #expect(progress.removedEvents == 2 && progress.isAtYoungEnd)
        #expect(try [1, 2, 3, 4].map { try isStored(store, $0) } == [false, true, false, true])
        try store.read { snapshot in
            let known = try store.tables.find(EventID(high: 9, low: 1), of: TenantNumber(1), in: snapshot)
            let delivery = DeliveryID(position: EventPosition(1), endpoint: EndpointNumber(1))
            let row = try store.tables.delivery(delivery, in: snapshot)
            #expect(known == nil && row == nil)
        }
    }

    @Test func pendingEventsStayUntilTheyAreFinal() throws {
        let store = try StoreFixture()
        _ = try store.store(1, endpoints: [1, 2])
        try store.finish(1, endpoint: 1)
        var retention = RetentionSweep(retention: 1_000, deadLetterRetention: 10_000)
        #expect(try sweep(store, &retention, now: .max / 2).removedEvents == 0)
        try store.finish(1, endpoint: 2)
        #expect(try sweep(store, &retention, now: .max / 2).removedEvents == 1)
    }

    @Test func aDeadLetterKeepsItsEventUntilItsOwnTimeIsOver() throws {
        let store = try StoreFixture()
        _ = try store.store(1)
        try store.finish(1, .deadLettered, at: 2_000)
        var retention = RetentionSweep(retention: 1_000, deadLetterRetention: 10_000)
        #expect(try sweep(store, &retention, now: 11_999).removedEvents == 0)
        #expect(try sweep(store, &retention, now: 12_000).removedEvents == 1)
    }
}
