import Testing
import WebhookModel

@Suite struct NewEventTests {
    @Test func `a record is read back as it was written`() throws {
        var event = NewEvent(
            id: EventID(high: 1, low: 2), tenant: "acme", type: "order.placed", payload: Array(#"{"a":1}"#.utf8)[...])
        event.occurredAt = 1_750_000_000_000
        event.deliverAt = 1_750_000_000_001
        event.correlationID = "c"
        event.orderingKey = "k"
        event.contentType = "text/plain"
        event.attributes = [("schema", "2"), ("é", "")]
        let bytes = try #require(event.record)
        let fields = try bytes.withUnsafeBytes { try EventRecord.parse($0).get() }
        func text(_ span: EventRecord.Span) -> String { String(decoding: bytes[span.range], as: UTF8.self) }
        #expect(fields.id == event.id && fields.occurredAt == event.occurredAt && fields.deliverAt == event.deliverAt)
        #expect(text(fields.tenant) == "acme" && text(fields.type) == "order.placed")
        #expect(text(fields.correlationID) == "c" && text(fields.orderingKey) == "k")
        #expect(text(fields.contentType) == "text/plain" && fields.attributeCount == 2)
        #expect(text(fields.payload) == #"{"a":1}"#)
    }

    @Test func `a text that no record can hold makes none`() {
        let long = String(repeating: "x", count: 65_536)
        #expect(NewEvent(id: EventID(high: 0, low: 1), tenant: long, type: "a", payload: []).record == nil)
        #expect(NewEvent(id: EventID(high: 0, low: 1), tenant: "a", type: "a", payload: []).record != nil)
    }
}
