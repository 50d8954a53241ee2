import Foundation
import Scheduling
import Sender
import TestSupport
import Testing
import WebhookModel

@Suite struct BatchBodyTests {
    private func body(_ events: [Event]) -> [UInt8] {
        let body = BatchBody(MessageBatch(id: BatchID(high: 1, low: 2), events: events), tenantName: "acme")
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: body.mostBytes, alignment: 1)
        defer { room.deallocate() }
        return Array(room[..<body.write(into: room)])
    }

    @Test(arguments: [1, 2, 1_000] as [UInt64])
    func aBatchIsAnArrayOfEnvelopesInOrder(count: UInt64) throws {
        let events = (1...count).map { Sample.event($0, payload: Array("[\($0)]".utf8)) }
        let array = try #require(try JSONSerialization.jsonObject(with: Data(body(events))) as? [[String: Any]])
        #expect(array.map { $0["id"] as? String } == events.map(\.id.webhookID))
        #expect(array.compactMap { ($0["data"] as? [Int])?.first } == (1...Int(count)).map(\.self))
    }

    @Test func eachMemberHasJSONOrBytes() throws {
        let events = [
            Sample.event(1, payload: Array(#""aGk=""#.utf8)),
            Sample.event(2, contentType: "text/plain", payload: Array("hi".utf8)),
        ]
        let array = try #require(try JSONSerialization.jsonObject(with: Data(body(events))) as? [[String: Any]])
        #expect(array.map { $0["data"] as? String } == ["aGk=", nil])
        #expect(array.map { $0["data_base64"] as? String } == [nil, "aGk="])
    }

    @Test func aBatchIsNotLongerThanTheCountedBytesOfItsMembers() {
        let awkward = String(repeating: "\u{1}", count: 128)
        let events = (1...20 as ClosedRange<UInt64>).map { position in
            Sample.event(
                position, correlationID: awkward, contentType: "text/plain", attributes: [("actorId", awkward)],
                payload: Array(repeating: 255, count: Int(position) * 37))
        }
        let counted = events.reduce(2) { $0 + 1 + $1.record.envelopeBytesMost(tenantName: 4) }
        #expect(body(events).count <= counted)
    }
}
