import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct AttemptRowTests {
    @Test func `an attempt with more header bytes than the present limit stays readable`() throws {
        let store = try StoreFixture()
        let delivery = DeliveryID(position: EventPosition(1), endpoint: EndpointNumber(1))
        var report = AttemptReport(
            delivery: delivery, entry: .due(1), attempt: 1, trigger: .schedule, outcome: .refusedStatus, status: 500,
            startedAt: 99, phases: AttemptPhases(), reusedConnection: false, address: "192.0.2.1", heldBytes: 0)
        report.headers = Array(repeating: 65, count: Limits.answerHeaderBytes + 1_000)
        try store.write { transaction in try store.tables.record(report, nextAt: 0, in: transaction) }
        let rows = try store.read { snapshot in try store.tables.attempts(of: delivery, in: snapshot) }
        #expect(rows.map(\.headers.count) == [Limits.answerHeaderBytes + 1_000])
    }
}
