public import NIOCore

/// PING: is somebody there, and what is the time (Protocol.md, 5.5).
public struct Ping: Message, Equatable {
    public static let frameType = FrameType.ping

    /// Eight bytes of the sender's own, echoed.
    public var opaque: UInt64
    /// The sender's wall clock, Unix nanoseconds.
    public var sentAt: Int64

    public init(opaque: UInt64, sentAt: Int64) {
        self.opaque = opaque
        self.sentAt = sentAt
    }

    public init(decoding body: UnsafeRawBufferPointer) throws(BodyError) {
        var reader = BodyReader(body)
        opaque = try reader.number("opaque bytes")
        sentAt = try reader.number("time")
        try reader.finish()
    }

    public func encode(to buffer: inout ByteBuffer) {
        buffer.writeInteger(opaque)
        buffer.writeInteger(sentAt)
    }
}

/// PONG: a PING's bytes and two clock readings, which give the asker the clocks' offset and its error bound (RFC 5905,
/// 8).
public struct Pong: Message, Equatable {
    public static let frameType = FrameType.pong

    public var ping: Ping
    /// The answerer's wall clock when the PING came and when it answered, Unix nanoseconds.
    public var receivedAt: Int64
    public var answeredAt: Int64

    public init(ping: Ping, receivedAt: Int64, answeredAt: Int64) {
        self.ping = ping
        self.receivedAt = receivedAt
        self.answeredAt = answeredAt
    }

    public init(decoding body: UnsafeRawBufferPointer) throws(BodyError) {
        var reader = BodyReader(body)
        ping = Ping(opaque: try reader.number("opaque bytes"), sentAt: try reader.number("time"))
        receivedAt = try reader.number("time received")
        answeredAt = try reader.number("time answered")
        try reader.finish()
    }

    public func encode(to buffer: inout ByteBuffer) {
        ping.encode(to: &buffer)
        buffer.writeInteger(receivedAt)
        buffer.writeInteger(answeredAt)
    }
}
