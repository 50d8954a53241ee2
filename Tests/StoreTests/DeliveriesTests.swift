import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct DeliveriesTests {
    private func entry(_ position: UInt64, _ endpoint: UInt32, due: Int64 = 1_000, attempts: UInt16 = 0) -> PendingEntry
    {
        PendingEntry(
            delivery: DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint)), dueAt: due,
            attempts: attempts)
    }

    private func due(_ store: StoreFixture, from: PendingEntry? = nil) throws -> [PendingEntry] {
        var found: [PendingEntry] = []
        _ = try store.read { snapshot in
            try store.tables.scanDue(from: from ?? entry(0, 0, due: 0), in: snapshot) {
                found.append($0)
                return true
            }
        }
        return found
    }

    private func parked(_ store: StoreFixture, _ endpoint: UInt32, after position: UInt64 = 0) throws -> [UInt64] {
        var found: [UInt64] = []
        _ = try store.read { snapshot in
            try store.tables.scanParked(of: EndpointNumber(endpoint), after: EventPosition(position), in: snapshot) {
                found.append($0.delivery.position.value)
                return true
            }
        }
        return found
    }

    @Test func dueEntriesComeInOrderOfTimeThenCommit() throws {
        let store = try StoreFixture()
        let entries = [entry(3, 1, due: 5), entry(1, 2, due: 7), entry(1, 1, due: 7), entry(2, 1, due: 7, attempts: 4)]
        try store.write { transaction in for entry in entries { try store.tables.putDue(entry, in: transaction) } }
        #expect(try due(store) == [entries[0], entries[2], entries[1], entries[3]])
        #expect(try due(store, from: entries[1]) == [entries[1], entries[3]])
    }

    @Test func parkingMovesEntriesToTheirEndpoints() throws {
        let store = try StoreFixture()
        let entries = [entry(1, 1), entry(2, 1), entry(1, 2), entry(3, 2)]
        try store.write { transaction in for entry in entries { try store.tables.putDue(entry, in: transaction) } }
        try store.write { transaction in try store.tables.park(Array(entries.prefix(3)), in: transaction) }
        #expect(try due(store) == [entries[3]])
        #expect(try parked(store, 1) == [1, 2])
        #expect(try parked(store, 1, after: 1) == [2])
        #expect(try parked(store, 2) == [1])
        let endpoints = try store.directory.recover().endpointsWithParked
        #expect(endpoints == [EndpointNumber(1), EndpointNumber(2)])
        try store.write { transaction in
            try store.tables.remove(entries[0].delivery, from: .parked, in: transaction)
        }
        #expect(try parked(store, 1) == [2])
    }

    @Test func anAttemptIsReadBackAsItWasReported() throws {
        let store = try StoreFixture()
        let delivery = DeliveryID(position: EventPosition(1), endpoint: EndpointNumber(1))
        var phases = AttemptPhases()
        phases.connected = 12
        phases.total = 3_456
        var report = AttemptReport(
            delivery: delivery, entry: .due(1), attempt: 2, trigger: .schedule, outcome: .refusedStatus, status: 500,
            startedAt: 99, phases: phases, reusedConnection: true, address: "192.0.2.1", heldBytes: 0)
        report.isAnswerIncomplete = true
        report.excerpt = Array("oh no".utf8)
        report.headers = Array("Server: x\nRetry-After: 5\n".utf8)
        try store.write { transaction in try store.tables.record(report, nextAt: 777, in: transaction) }
        let rows = try store.read { snapshot in try store.tables.attempts(of: delivery, in: snapshot) }
        let row = try #require(rows.first)
        #expect(rows.count == 1)
        #expect(row.outcome == .refusedStatus && row.status == 500 && row.startedAt == 99 && row.nextAt == 777)
        #expect(
            row.phases == phases && row.reusedConnection && row.address == "192.0.2.1" && row.excerpt == report.excerpt)
        #expect(row.headers == report.headers && row.isAnswerIncomplete)
    }

    @Test func aDeliverysRoundIsReadBack() throws {
        let store = try StoreFixture()
        let delivery = DeliveryID(position: EventPosition(1), endpoint: EndpointNumber(1))
        let row = DeliveryRow(
            state: .scheduled, outcome: .timedOut, attempts: 27, dueAt: 5,
            round: DeliveryRound(earlier: 18, trigger: .replay))
        try store.write { transaction in try store.tables.update(delivery, row, in: transaction) }
        #expect(try store.read { snapshot in try store.tables.delivery(delivery, in: snapshot) } == row)
    }

    @Test func onlyADeadLetterIsScheduledAgainAndOnlyOnce() throws {
        let store = try StoreFixture()
        _ = try store.store(1, endpoints: [1, 2])
        try store.finish(1, endpoint: 1, .delivered)
        try store.finish(1, endpoint: 2, .deadLettered)
        let (done, dead) = (entry(1, 1).delivery, entry(1, 2).delivery)
        try store.write { transaction in
            try store.tables.putDeadLetter(dead, at: 7, outcome: .timedOut, status: 0, attempts: 0, in: transaction)
            var answers: [Bool] = []
            for delivery in [done, dead, dead] {
                answers.append(try store.tables.redeliver(delivery, at: 9, trigger: .manual, in: transaction) == .alone)
            }
            #expect(answers == [false, true, false])
        }
        #expect(try due(store) == [entry(1, 2, due: 9)])
        #expect(try store.read { snapshot in try store.tables.deadLetters(limit: 9, in: snapshot) } == [])
    }
}
