public import NIOCore

/// WELCOME: what the server promises, and the limits for the client (Protocol.md, 5.2).
public struct Welcome: Message, Equatable {
    public static let frameType = FrameType.welcome

    /// What has happened to an event before its ACK.
    public enum Durability: UInt8, Sendable {
        case none = 0
        /// Written to the operating system, not synced.
        case written = 1
        /// fdatasync(2) has returned.
        case synced = 2
    }

    public var minorVersion: UInt16 = 0
    /// Features that are in use on this connection.
    public var features: UInt32 = 0
    /// The longest frame body.
    public var frameBytes: UInt32
    /// The longest payload of one event.
    public var eventBytes: UInt32
    public var eventsPerFrame: UInt32
    /// Limits of what may be unacknowledged at once: events, and bytes of PUBLISH bodies.
    public var windowEvents: UInt32
    public var windowBytes: UInt64
    public var idleTimeoutMilliseconds: UInt32
    /// How long an id is remembered.
    public var dedupWindowSeconds: UInt32
    public var durability: Durability
    public var serverID: String
    public var serverVersion: String

    public init(
        frameBytes: UInt32, eventBytes: UInt32, eventsPerFrame: UInt32, windowEvents: UInt32, windowBytes: UInt64,
        idleTimeoutMilliseconds: UInt32, dedupWindowSeconds: UInt32, durability: Durability, serverID: String,
        serverVersion: String
    ) {
        self.frameBytes = frameBytes
        self.eventBytes = eventBytes
        self.eventsPerFrame = eventsPerFrame
        self.windowEvents = windowEvents
        self.windowBytes = windowBytes
        self.idleTimeoutMilliseconds = idleTimeoutMilliseconds
        self.dedupWindowSeconds = dedupWindowSeconds
        self.durability = durability
        self.serverID = serverID
        self.serverVersion = serverVersion
    }

    // A later minor version may append fields, so trailing bytes are allowed here.
    public init(decoding body: UnsafeRawBufferPointer) throws(BodyError) {
        var reader = BodyReader(body)
        minorVersion = try reader.number("minor version")
        features = try reader.number("feature bits")
        frameBytes = try reader.number("frame bytes")
        eventBytes = try reader.number("event bytes")
        eventsPerFrame = try reader.number("events per frame")
        windowEvents = try reader.number("window events")
        windowBytes = try reader.number("window bytes")
        idleTimeoutMilliseconds = try reader.number("idle timeout")
        dedupWindowSeconds = try reader.number("dedup window")
        guard let durability = Durability(rawValue: try reader.number("durability")) else {
            throw BodyError("the durability is none of 0, 1, 2")
        }
        self.durability = durability
        serverID = try reader.text("server id")
        serverVersion = try reader.text("server version")
    }

    public func encode(to buffer: inout ByteBuffer) {
        buffer.writeInteger(minorVersion)
        buffer.writeInteger(features)
        buffer.writeInteger(frameBytes)
        buffer.writeInteger(eventBytes)
        buffer.writeInteger(eventsPerFrame)
        buffer.writeInteger(windowEvents)
        buffer.writeInteger(windowBytes)
        buffer.writeInteger(idleTimeoutMilliseconds)
        buffer.writeInteger(dedupWindowSeconds)
        buffer.writeInteger(durability.rawValue)
        buffer.writeText(serverID)
        buffer.writeText(serverVersion)
    }
}
