public import WebhookModel
public import WireProtocol

/// Who knows API keys: gets the key as it came in HELLO, and the client's verified certificate (DER) where it showed one;
/// answers which key that is, or nil. Compares in constant time. Called on event loops.
public typealias Authenticator =
    @Sendable (_ key: UnsafeRawBufferPointer, _ clientCertificate: [UInt8]?) -> Authentication?

/// The API key that a HELLO turned out to be.
public struct Authentication: Sendable {
    public let key: APIKey
    /// The entry of the key's `clientCertificates` that matched; nil: the key itself was shown.
    public let certificateName: String?

    public init(key: APIKey, certificateName: String? = nil) {
        self.key = key
        self.certificateName = certificateName
    }
}

/// What an operator may set about the ingest port. The reasons of the defaults stand in `Limits`.
public struct IngestConfiguration: Sendable {
    // MARK: The port

    public var host = "127.0.0.1"
    /// 0: chosen by the system.
    public var port = 7400
    /// Event loops. 0: one, and one more for every four cores beyond the first four.
    public var threads = 0
    /// Connections that the kernel holds ready for us.
    public var backlog = 1_024
    /// Plaintext on an address that others can reach: only when the operator says so.
    public var allowsPlaintextBeyondLoopback = false
    /// Whether `host` and `port` are listened on; false: the Unix socket only.
    public var listensOnTCP = true
    /// TLS on `port`; nil: plaintext.
    public var tls: TLSSettings?
    /// Path of a Unix socket to listen on, in plaintext; nil: none.
    public var unixSocket: String?
    /// Who may connect to it: the file's mode. 0660: its owner and group.
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
    /// A wrong key is answered so much later: guessing stays slow, and time tells nothing.
    public var authFailureDelayMilliseconds: Int64 = 500

    // MARK: Endings

    /// How long answers may be waited for before an ending connection is cut.
    public var answerMilliseconds: Int64 = 30_000
    /// How long a closed connection is read on, so that the last answers are not lost to a TCP reset.
    public var lingerMilliseconds: Int64 = 2_000
    /// While draining: a producer that was silent for so long, with no answer owed, has stopped.
    public var drainQuietMilliseconds: Int64 = 250
    /// The grace of a `shutdown` that no `beginDraining` came before.
    public var drainMilliseconds: Int64 = 5_000
    /// Reconnections after GOAWAY are spread over this time.
    public var reconnectSpreadMilliseconds: Int64 = 2_000
    /// How often the deadlines of a loop's connections are looked at: their precision.
    public var sweepMilliseconds: Int64 = 250

    public init() {}
}

extension IngestConfiguration {
    /// Limits that contradict each other, in words; nil when they agree.
    var contradiction: String? {
        if windowEvents < eventsPerFrame {
            return "the window of \(windowEvents) events is less than a frame's \(eventsPerFrame)"
        }
        if windowBytes < frameBytes {
            return "the window of \(windowBytes) bytes is less than a frame's \(frameBytes)"
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
