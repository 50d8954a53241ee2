import Foundation
import Sender
import TestSupport
import Testing
import WebhookModel

@Suite struct EnvelopeTests {
    private func envelope(_ event: Event, tenant: String = "acme") -> String {
        event.bytes.withUnsafeBytes { record in
            let envelope = Envelope(event, record, tenantName: tenant)
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: envelope.mostBytes, alignment: 1)
            defer { room.deallocate() }
            let count = envelope.write(into: room)
            return String(decoding: room[..<count], as: UTF8.self)
        }
    }

    @Test func anEnvelopeHasTheEventsFieldsInOrder() {
        let event = Sample.event(
            1, type: "order.paid", correlationID: "c-1", occurredAt: 1_764_254_096_789,
            attributes: [("tag", "x"), ("version", "2"), ("actorId", "u7")],
            payload: Array(#"{"a": 1}"#.utf8))
        #expect(
            envelope(event)
                == #"{"id":"\#(event.id.webhookID)","type":"order.paid","tenant":"acme","timestamp":"2025-11-27T14:34:56.789Z","#
                + #""correlationId":"c-1","version":"2","actorId":"u7","data":{"a": 1}}"#)
    }

    @Test func absentFieldsAreNull() {
        let event = Sample.event(1, payload: [])
        #expect(
            envelope(event).hasSuffix(
                #""timestamp":"2023-11-14T22:13:20.000Z","correlationId":null,"version":null,"actorId":null,"data":null}"#
            ))
    }

    @Test(arguments: [
        ("", "[1]", "[1]"), ("application/json", "[1]", "[1]"), ("Application/JSON; charset=utf-8", "[1]", "[1]"),
        ("application/cloudevents+json", "[1]", "[1]"), ("application/json", #""aGk=""#, #""aGk=""#),
    ])
    func dataIsTheJSONOfAJSONPayload(contentType: String, payload: String, data: String) {
        let event = Sample.event(1, contentType: contentType, payload: Array(payload.utf8))
        #expect(envelope(event).hasSuffix(",\"data\":\(data)}"))
    }

    // F23: the bytes `hi` and the JSON text "aGk=" looked the same, and broken JSON became a text.
    @Test(arguments: [
        ("text/plain", "hi", "aGk="), ("application/octet-stream", "ab", "YWI="), ("text/plain", "[1]", "WzFd"),
        ("application/jsonlines", "1", "MQ=="), ("application/json", "[1", "WzE="), ("", "[1", "WzE="),
        ("application/x+json", "NaN", "TmFO"),
    ])
    func whatIsNoJSONHasAMemberOfItsOwn(contentType: String, payload: String, base64: String) {
        let event = Sample.event(1, contentType: contentType, payload: Array(payload.utf8))
        #expect(envelope(event).hasSuffix(#","actorId":null,"data_base64":"\#(base64)"}"#))
        #expect(!envelope(event).contains(#""data":"#))
    }

    @Test func textsAreEscapedAndTheEnvelopeIsJSON() throws {
        let awkward = "\"\\\u{1}\n/ü"
        let event = Sample.event(
            1, correlationID: awkward, attributes: [("actorId", String(repeating: "\u{1f}", count: 256))],
            payload: [0, 255, 1])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(envelope(event, tenant: awkward).utf8)) as? [String: Any])
        #expect(object["correlationId"] as? String == awkward)
        #expect(object["tenant"] as? String == awkward)
        #expect((object["actorId"] as? String)?.unicodeScalars.count == 256)
        #expect(object["data_base64"] as? String == "AP8B")
        #expect(
            Set(object.keys) == [
                "id", "type", "tenant", "timestamp", "correlationId", "version", "actorId", "data_base64",
            ])
    }

    @Test(arguments: [
        (Int64(946_684_800_000), "2000-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_251_199_999, "2024-02-29T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (7_258_118_400_000, "2200-01-01T00:00:00.000Z"),
    ])
    func timesAreRFC3339(time: Int64, text: String) {
        #expect(envelope(Sample.event(1, occurredAt: time)).contains(#""timestamp":"\#(text)""#))
    }

    @Test(arguments: 0...9) func base64OfEveryLength(count: Int) {
        let payload = [UInt8]((0..<count).map { UInt8(200 + $0) })
        let expected = count == 0 ? #""data":null"# : #""data_base64":"\#(Data(payload).base64EncodedString())""#
        #expect(envelope(Sample.event(1, contentType: "x/y", payload: payload)).hasSuffix(",\(expected)}"))
    }
}
