public import NIOCore

/// GOAWAY: publish nothing new, collect the answers, reconnect (Protocol.md, 5.6).
public struct GoAway: Message, Equatable {
    public static let frameType = FrameType.goAway

    /// How long answers will still be sent.
    public var graceMilliseconds: UInt32
    /// Wait a random time up to this before connecting again, so that clients do not all return at once.
    public var spreadMilliseconds: UInt32
    public var reason: String

    public init(graceMilliseconds: UInt32, spreadMilliseconds: UInt32, reason: String) {
        self.graceMilliseconds = graceMilliseconds
        self.spreadMilliseconds = spreadMilliseconds
        self.reason = reason
    }

    public init(decoding body: UnsafeRawBufferPointer) throws(BodyError) {
        var reader = BodyReader(body)
        graceMilliseconds = try reader.number("grace")
        spreadMilliseconds = try reader.number("spread")
        reason = try reader.text("reason")
        try reader.finish()
    }

    public func encode(to buffer: inout ByteBuffer) {
        buffer.writeInteger(graceMilliseconds)
        buffer.writeInteger(spreadMilliseconds)
        buffer.writeText(reason)
    }
}

/// CLOSE: the last frame of its sender, with the reason (Protocol.md, 5.7).
public struct Close: Message, Equatable {
    public static let frameType = FrameType.close

    public var status: ProtocolStatus
    public var text: String

    public init(_ status: ProtocolStatus, text: String) {
        self.status = status
        self.text = text
    }

    public init(decoding body: UnsafeRawBufferPointer) throws(BodyError) {
        var reader = BodyReader(body)
        status = ProtocolStatus(rawValue: try reader.number("status"))
        text = try reader.text("text")
        try reader.finish()
    }

    public func encode(to buffer: inout ByteBuffer) {
        buffer.writeInteger(status.rawValue)
        buffer.writeText(text)
    }
}
