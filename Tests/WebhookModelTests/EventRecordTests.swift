import TestSupport
import Testing
import WebhookModel

@Suite struct EventRecordTests {
    private let id = EventID(high: 1, low: 2)

    private func parse(_ bytes: [UInt8], payloadLimit: Int = 1_000) -> Result<EventRecord, EventRecord.Refusal> {
        bytes.withUnsafeBytes { EventRecord.parse($0, payloadLimit: payloadLimit) }
    }

    private func refusal(_ bytes: [UInt8], payloadLimit: Int = 1_000) -> EventResult? {
        guard case .failure(let refusal) = parse(bytes, payloadLimit: payloadLimit) else { return nil }
        return refusal.result
    }

    @Test func findsEveryField() throws {
        let bytes = Sample.recordBytes(
            id: id, tenant: "acme", type: "task.done", deliverAt: 1_700_000_000_000, contentType: "text/plain",
            payload: Array("hello".utf8))
        let record = try parse(bytes).get()
        #expect(record.id == id && record.deliverAt == 1_700_000_000_000)
        #expect(bytes[record.tenant.range].elementsEqual("acme".utf8))
        #expect(bytes[record.type.range].elementsEqual("task.done".utf8))
        #expect(bytes[record.contentType.range].elementsEqual("text/plain".utf8))
        #expect(bytes[record.payload.range].elementsEqual("hello".utf8))
    }

    @Test func everyTruncationIsMalformed() {
        let bytes = Sample.recordBytes(id: id)
        for count in 0..<bytes.count { #expect(refusal(Array(bytes.prefix(count))) == .malformed) }
        #expect(refusal(bytes + [0]) == .malformed)
    }

    @Test func refusalsNameTheirKind() {
        #expect(refusal(Sample.recordBytes(id: EventID(high: 0, low: 0))) == .malformed)
        #expect(refusal(Sample.recordBytes(id: id, tenant: "")) == .malformed)
        #expect(refusal(Sample.recordBytes(id: id, tenant: "a b")) == .malformed)
        #expect(refusal(Sample.recordBytes(id: id, tenant: String(repeating: "a", count: 65))) == .malformed)
        #expect(refusal(Sample.recordBytes(id: id, type: "tick\u{0}")) == .malformed)
        #expect(refusal(Sample.recordBytes(id: id, contentType: "text/plain\r\nx: y")) == .malformed)
        #expect(refusal(Sample.recordBytes(id: id, deliverAt: 1_700_000_000)) == .badTime)
        #expect(refusal(Sample.recordBytes(id: id, payload: Array(repeating: 0, count: 1_001))) == .tooLarge)
        #expect(refusal(Sample.recordBytes(id: id, payload: Array(repeating: 0, count: 1_000))) == nil)
    }
}
