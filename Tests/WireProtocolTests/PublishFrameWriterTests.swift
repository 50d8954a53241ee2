import NIOCore
import Testing
import WebhookModel
import WireProtocol

@Suite struct PublishFrameWriterTests {
    private func event(_ low: UInt64, payload: Int = 8) -> OutgoingEvent {
        OutgoingEvent(
            id: EventID(high: 1, low: low), tenant: "acme", type: "a.b", payload: [UInt8](repeating: 7, count: payload))
    }

    @Test func recordBytesMatchesTheWrittenBytes() {
        var full = event(1)
        full.correlationID = "ü"
        full.orderingKey = "key"
        full.contentType = "text/plain"
        full.attributes = [.init(name: "a", value: "bc"), .init(name: "", value: "")]
        for event in [event(1), full] {
            var buffer = ByteBuffer()
            event.encode(to: &buffer)
            #expect(buffer.readableBytes == event.recordBytes)
        }
    }

    @Test func refusesExactlyAboveTheByteLimit() {
        let room = 4 + 2 * (4 + event(1).recordBytes)
        var writer = PublishFrameWriter(appendingTo: ByteBuffer(), frameBytes: room, eventLimit: 10)
        let taken = [writer.append(event(1)), writer.append(event(2)), writer.append(event(3, payload: 0))]
        #expect(taken == [true, true, false])
        #expect(writer.bodyBytes == room)
    }

    @Test func refusesAboveTheEventLimit() {
        var writer = PublishFrameWriter(appendingTo: ByteBuffer(), frameBytes: 1 << 20, eventLimit: 2)
        let taken = [writer.append(event(1)), writer.append(event(2)), writer.append(event(3))]
        #expect(taken == [true, true, false])
    }

    @Test func severalFramesGoIntoOneBuffer() throws {
        var buffer = ByteBuffer()
        for id in 1...3 as ClosedRange<UInt64> {
            var writer = PublishFrameWriter(appendingTo: buffer, frameBytes: 1 << 20, eventLimit: 10)
            for low in 1...id { _ = writer.append(event(low)) }
            buffer = writer.finish(requestID: id)
        }
        var counts: [Int] = []
        try FrameDecoder(bodyLimit: 1 << 20).readFrames(from: &buffer) { frame in
            #expect(frame.isIntact && frame.header.requestID == UInt64(counts.count + 1))
            counts.append((try? PublishBody(checking: frame.body, eventLimit: 10).count) ?? 0)
            return true
        }
        #expect(counts == [1, 2, 3])
    }

    @Test func rawRecordsAreWrittenUnchanged() throws {
        var record = ByteBuffer()
        event(5).encode(to: &record)
        var raw = PublishFrameWriter(appendingTo: ByteBuffer(), frameBytes: 1 << 20, eventLimit: 10)
        _ = record.withUnsafeReadableBytes { raw.append(record: $0) }
        var whole = PublishFrameWriter(appendingTo: ByteBuffer(), frameBytes: 1 << 20, eventLimit: 10)
        _ = whole.append(event(5))
        #expect(raw.finish(requestID: 1) == whole.finish(requestID: 1))
    }
}
