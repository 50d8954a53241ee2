/// Counts of the ingest port since its start. Sums only: the reader computes rates.
public struct IngestCounters: Sendable, Equatable {
    public var connectionsAccepted = 0
    /// Refused because of a connection limit.
    public var connectionsRefused = 0
    public var connectionsClosed = 0
    public var authenticated = 0
    public var authFailures = 0
    /// Connections whose first bytes were not the preface of our version.
    public var otherProtocols = 0
    /// TLS handshakes that failed.
    public var handshakeFailures = 0
    /// Connections that we closed with a CLOSE of class 0x04, including a wrong key and too many connections.
    public var protocolErrors = 0
    public var bytesReceived = 0
    public var publishFrames = 0
    public var events = 0
    /// PUBLISH frames whose body checksum was wrong.
    public var corruptFrames = 0
    /// Answers to events, by their meaning for the producer.
    public var answeredStored = 0
    public var answeredRetryable = 0
    public var answeredRefused = 0
    /// Batches offered to the queue, and how often it was full.
    public var batches = 0
    public var backPressure = 0

    public init() {}

    public var connectionsOpen: Int { connectionsAccepted - connectionsClosed }

    public static func += (left: inout IngestCounters, right: IngestCounters) {
        left.connectionsAccepted += right.connectionsAccepted
        left.connectionsRefused += right.connectionsRefused
        left.connectionsClosed += right.connectionsClosed
        left.authenticated += right.authenticated
        left.authFailures += right.authFailures
        left.otherProtocols += right.otherProtocols
        left.handshakeFailures += right.handshakeFailures
        left.protocolErrors += right.protocolErrors
        left.bytesReceived += right.bytesReceived
        left.publishFrames += right.publishFrames
        left.events += right.events
        left.corruptFrames += right.corruptFrames
        left.answeredStored += right.answeredStored
        left.answeredRetryable += right.answeredRetryable
        left.answeredRefused += right.answeredRefused
        left.batches += right.batches
        left.backPressure += right.backPressure
    }
}
