public import NIOCore

/// PING: checks that the peer is alive, and asks for its time (Protocol.md, 5.5).
public struct Ping: Message, Equatable {
    public static let frameType = FrameType.ping

    /// Eight bytes chosen by the sender; the answer repeats them.
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

/// PONG: the bytes of a PING and two clock readings, from which the other side computes the offset of the clocks and
/// its error bound (RFC 5905, 8).
public struct Pong: Message, Equatable {
    public static let frameType = FrameType.pong

    public var ping: Ping
    /// The answering side's wall clock when the PING arrived and when it answered, Unix nanoseconds.
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
