/// What a publisher has done since it was made, and what it holds now. Counts are of events, unless said otherwise.
public struct PublisherMetrics: Sendable, Equatable {
    /// Submitted and admitted.
    public var submitted = 0
    /// Answered with a class 0x00 status; `duplicates` of them DUPLICATE.
    public var stored = 0
    public var duplicates = 0
    /// Ended with another answer: permanently refused, or "send again" until the patience was over.
    public var refused = 0
    /// Ended without an answer: the patience was over, the task was cancelled, the publisher closed.
    public var unanswered = 0

    /// Postponed after an answer that asks for another try.
    public var postponed = 0
    /// To be sent again because the connection ended before the answer came.
    public var resent = 0

    /// PUBLISH frames sent, and bytes of their bodies.
    public var frames = 0
    public var bytes = 0

    /// Connections that reached WELCOME, attempts that did not, and connections that ended by themselves.
    public var connections = 0
    public var failedConnections = 0
    public var lostConnections = 0
    /// GOAWAYs, and DRAINING answers that came without one.
    public var goAways = 0

    /// Submitted and not ended: events, and bytes of their records.
    public var bufferedEvents = 0
    public var bufferedBytes = 0
    /// Of those, sent and not answered.
    public var eventsInFlight = 0
    /// Calls that wait for space.
    public var waitingCalls = 0
    public var isConnected = false
    /// The longest payload of an event that the latest connection's server takes, in bytes; 0: there was none yet.
    public var payloadBytesMost = 0
    /// From sending a frame to its ACK, in microseconds, smoothed over about eight frames. 0: none yet.
    public var roundTripMicroseconds = 0

    public init() {}
}
