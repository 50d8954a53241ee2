public import Logging
import WebhookModel

/// Where to publish, who calls, and how long and how much may wait. Times in milliseconds.
public struct PublisherSettings: Sendable {
    /// One or more; tried in order, and the next one after a failure. One connection is used at a time.
    public var servers: [ServerAddress]
    /// Opens the tenants that may be published to. Never logged.
    public var apiKey: String
    /// Which program this is, for the server's logs.
    public var clientName = "needletail-swift"
    /// Nil: plaintext.
    public var tls: TLSSettings?
    /// Until the connection stands, and from then until WELCOME.
    public var connectMilliseconds: Int64 = 5_000
    public var welcomeMilliseconds: Int64 = 10_000
    /// How long `connect` goes on when no server can be reached; 0: each address once. A wrong key or certificate
    /// ends it at once.
    public var startMilliseconds: Int64 = 0

    /// How long a publication waits for all its answers, connections lost and "send again later" included.
    public var patienceMilliseconds = Limits.publishPatienceMilliseconds
    /// Sends again what has no answer when a connection ends, and what was answered "not stored, send again". Off:
    /// such an answer is the receipt, and a lost connection the error.
    public var sendsAgain = true
    /// Before connecting again: a random time up to `least`, which doubles with each failure up to `most`. `least` is
    /// also the shortest wait before an event is sent again.
    public var backoffLeastMilliseconds = Limits.reconnectMillisecondsLeast
    public var backoffMostMilliseconds = Limits.reconnectMillisecondsMost

    /// How long an event may wait for company when less than a frame's worth waits. 0: it never waits for any; what
    /// gathers while the connection is busy forms the next frame all the same.
    public var lingerMilliseconds: Int64 = 0
    /// Events of one frame at most, when fewer than the server allows are wanted.
    public var frameEvents = Limits.publishFrameEvents
    /// Events that may be unacknowledged, when fewer than the server allows are wanted.
    public var windowEvents = Int.max
    /// Events, and bytes of their records, that the publisher holds: submitted, and not answered yet. When they are
    /// reached, `publish` and `submit` suspend, first come first served. A single call that is larger than that is let
    /// in alone.
    public var bufferedEvents = Limits.publisherEvents
    public var bufferedBytes = Limits.publisherBytes
    /// How long `close` waits for answers.
    public var closeMilliseconds: Int64 = 5_000

    /// Connections that come and go, and publications that end without an answer. Never payloads, never keys.
    public var logger: Logger?

    public init(servers: [ServerAddress], apiKey: String) {
        self.servers = servers
        self.apiKey = apiKey
    }

    /// The same server and key as a bare connection.
    public init(_ connection: ConnectionSettings) {
        self.init(servers: [connection.server], apiKey: connection.apiKey)
        clientName = connection.clientName
        tls = connection.tls
        connectMilliseconds = connection.connectMilliseconds
        welcomeMilliseconds = connection.welcomeMilliseconds
        windowEvents = connection.windowEvents
    }

    /// The settings of a connection to one of the servers.
    func connection(to server: Int) -> ConnectionSettings {
        var settings = ConnectionSettings(apiKey: apiKey, clientName: clientName)
        settings.server = servers[server]
        settings.tls = tls
        settings.connectMilliseconds = connectMilliseconds
        settings.welcomeMilliseconds = welcomeMilliseconds
        settings.windowEvents = windowEvents
        return settings
    }

    /// What cannot work, in words; nil: nothing.
    var mistake: String? {
        if servers.isEmpty { return "no server: give one address or more" }
        if [frameEvents, windowEvents, bufferedEvents, bufferedBytes].contains(where: { $0 < 1 }) {
            return "frameEvents, windowEvents, bufferedEvents and bufferedBytes must be 1 or more"
        }
        if patienceMilliseconds < 1 || lingerMilliseconds < 0 || closeMilliseconds < 0 {
            return "patienceMilliseconds must be 1 or more, lingerMilliseconds and closeMilliseconds 0 or more"
        }
        if backoffLeastMilliseconds < 1 || backoffMostMilliseconds < backoffLeastMilliseconds {
            return "give 1 ≤ backoffLeastMilliseconds ≤ backoffMostMilliseconds"
        }
        if apiKey.utf8.count > Int(UInt16.max) || clientName.utf8.count > Int(UInt16.max) {
            return "apiKey and clientName hold 65,535 bytes at most"
        }
        return nil
    }
}
