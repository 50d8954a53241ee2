public import NIOCore

/// Writes one PUBLISH frame, event by event, directly into the outgoing buffer. Length, count and checksums are filled
/// in at the end.
public struct PublishFrameWriter {
    private var buffer: ByteBuffer
    private let start: Int
    private let frameBytes: Int
    private let eventLimit: Int
    /// Events so far.
    public private(set) var count = 0

    /// - Parameters:
    ///   - buffer: the frame is appended to it; pass the same one again to send several frames at once.
    ///   - frameBytes: the longest body, from WELCOME.
    ///   - eventLimit: the most events, from WELCOME.
    public init(appendingTo buffer: consuming ByteBuffer, frameBytes: Int, eventLimit: Int) {
        self.buffer = buffer
        self.frameBytes = frameBytes
        self.eventLimit = eventLimit
        start = FrameEncoder.reserveHeader(in: &self.buffer)
        self.buffer.writeInteger(UInt32(0))
    }

    /// Bytes of the body so far.
    public var bodyBytes: Int { buffer.readableBytes - start - FrameHeader.byteCount }

    /// Appends an event. False: it does not fit; finish this frame first.
    public mutating func append(_ event: OutgoingEvent) -> Bool {
        let length = event.recordBytes
        guard hasRoom(for: length) else { return false }
        buffer.writeInteger(UInt32(length))
        event.encode(to: &buffer)
        count += 1
        return true
    }

    /// Appends an encoded record, without its own length field. False: it does not fit.
    public mutating func append(record: UnsafeRawBufferPointer) -> Bool {
        guard hasRoom(for: record.count) else { return false }
        buffer.writeInteger(UInt32(record.count))
        buffer.writeBytes(record)
        count += 1
        return true
    }

    private func hasRoom(for length: Int) -> Bool { count < eventLimit && bodyBytes + 4 + length <= frameBytes }

    /// Completes the frame. At least one event must have been appended: servers refuse an empty PUBLISH.
    public consuming func finish(requestID: UInt64) -> ByteBuffer {
        precondition(count > 0, "a PUBLISH of zero events")
        buffer.setInteger(UInt32(count), at: buffer.readerIndex + start + FrameHeader.byteCount)
        FrameEncoder.finish(.publish, requestID: requestID, start: start, in: &buffer)
        return buffer
    }
}
