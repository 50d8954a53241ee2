import WebhookModel
public import WireProtocol

/// The settings of the ingest port. `Limits` gives the reasons of the defaults.
public struct IngestConfiguration: Sendable {
    // MARK: The port

    public var host = "127.0.0.1"
    /// 0: chosen by the system.
    public var port = 7400
    /// Event loops. 0: a quarter of the cores, at least one.
    public var threads = 0
    /// Connections that the kernel queues until they are accepted (listen(2)).
    public var backlog = Limits.acceptBacklog
    /// Whether plaintext is allowed on an address that other machines can reach.
    public var allowsPlaintextBeyondLoopback = false
    /// Whether to listen on `host` and `port`; false: on the Unix socket only.
    public var listensOnTCP = true
    /// TLS on `port`; nil: plaintext.
    public var tls: TLSSettings?
    /// Path of a Unix socket to listen on, in plaintext; nil: none.
    public var unixSocket: String?
    /// The mode of its file, which decides who may connect. 0660: its owner and group.
    public var unixSocketMode: UInt16 = 0o660

    // MARK: What WELCOME announces

    public var frameBytes = Limits.frameBytes
    public var payloadBytes = Limits.payloadBytes
    public var eventsPerFrame = Limits.eventsPerFrame
    public var windowEvents = Limits.windowEvents
    public var windowBytes = Limits.windowBytes
    public var idleMilliseconds = Limits.idleMilliseconds
    public var dedupWindowMilliseconds = Limits.retentionMilliseconds
    public var durability = Welcome.Durability.synced
    public var serverID = "needletail"
    public var serverVersion = ""

    // MARK: Defences

    public var connections = Limits.connections
    public var unauthenticatedConnections = Limits.unauthenticatedConnections
    public var unauthenticatedConnectionsPerAddress = Limits.unauthenticatedConnectionsPerAddress
    /// Preface and HELLO together.
    public var unauthenticatedBytes = Limits.unauthenticatedBytes
    public var helloMilliseconds = Limits.helloMilliseconds
    public var headerMilliseconds = Limits.headerMilliseconds
    public var bodyGraceMilliseconds = Limits.bodyGraceMilliseconds
    public var bodyBytesPerSecond = Limits.bodyBytesPerSecond
    public var outputBytes = Limits.outputBytes
    public var outputStallMilliseconds = Limits.outputStallMilliseconds
    public var controlFramesPerSecond = Limits.controlFramesPerSecond
    /// Delay before a wrong key is answered: it slows down guessing, and the response time reveals nothing.
    public var authFailureDelayMilliseconds = Limits.authFailureDelayMilliseconds

    // MARK: Endings

    /// How long an ending connection waits for its last answers before it is cut.
    public var answerMilliseconds = Limits.answerMilliseconds
    /// How long a closed connection is still read, so that a TCP reset does not destroy the last answers.
    public var lingerMilliseconds = Limits.closeLingerMilliseconds
    /// While draining: after this much silence, with every event answered, a producer counts as stopped.
    public var drainQuietMilliseconds = Limits.drainQuietMilliseconds
    /// The grace of a `shutdown` without a `beginDraining` before it.
    public var drainMilliseconds = Limits.drainMilliseconds
    /// Clients spread their reconnections after GOAWAY over this time.
    public var reconnectSpreadMilliseconds = Limits.reconnectSpreadMilliseconds
    /// How often a loop checks the deadlines of its connections. It is their precision.
    public var sweepMilliseconds = Limits.deadlineCheckMilliseconds

    public init() {}
}

extension IngestConfiguration {
    /// Which limits contradict each other; nil: none.
    var contradiction: String? {
        if windowEvents < eventsPerFrame {
            return "the window of \(windowEvents) events is smaller than a frame's \(eventsPerFrame)"
        }
        if windowBytes < frameBytes {
            return "the window of \(windowBytes) bytes is smaller than a frame's \(frameBytes)"
        }
        if frameBytes < payloadBytes + Limits.recordOverheadBytes {
            return "a frame of \(frameBytes) bytes cannot hold a payload of \(payloadBytes) bytes and its record"
        }
        return nil
    }

    var welcome: Welcome {
        Welcome(
            frameBytes: UInt32(clamping: frameBytes), eventBytes: UInt32(clamping: payloadBytes),
            eventsPerFrame: UInt32(clamping: eventsPerFrame), windowEvents: UInt32(clamping: windowEvents),
            windowBytes: UInt64(clamping: windowBytes), idleTimeoutMilliseconds: UInt32(clamping: idleMilliseconds),
            dedupWindowSeconds: UInt32(clamping: dedupWindowMilliseconds / 1_000), durability: durability,
            serverID: serverID, serverVersion: serverVersion)
    }
}
