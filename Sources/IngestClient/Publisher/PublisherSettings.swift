public import Logging
import WebhookModel

/// Where to publish, with which key, and how long and how much may wait. Times in milliseconds.
public struct PublisherSettings: Sendable {
    /// One or more. They are tried in order, the next one after a failure. One connection is used at a time.
    public var servers: [ServerAddress]
    /// Authorises the client for its tenants. Never logged.
    public var apiKey: String
    /// The name of the client program, for the server's logs.
    public var clientName = "needletail-swift"
    /// nil: plaintext.
    public var tls: TLSSettings?
    /// Until the connection is established, and from then until WELCOME.
    public var connectMilliseconds = Limits.clientConnectMilliseconds
    public var welcomeMilliseconds = Limits.clientWelcomeMilliseconds
    /// How long `connect` keeps trying when no server can be reached; 0: each address once. A wrong key or certificate
    /// ends it at once.
    public var startMilliseconds: Int64 = 0
    /// The same where a server answers that it has no place for a connection now (TOO_MANY_CONNECTIONS, DRAINING);
    /// `startMilliseconds` if that is more.
    public var busyStartMilliseconds: Int64 = 0

    /// How long a publication waits for all its answers, including lost connections and "send again later".
    public var patienceMilliseconds = Limits.publishPatienceMilliseconds
    /// Whether events are sent again if the connection ends before their answer, or if the answer is "not stored, send
    /// again". If false, such an answer is the receipt, and a lost connection is the error.
    public var sendsAgain = true
    /// Before connecting again: a random time up to `least`, which doubles with each failure up to `most`. `least` is
    /// also the shortest wait before an event is sent again.
    public var backoffLeastMilliseconds = Limits.reconnectMillisecondsLeast
    public var backoffMostMilliseconds = Limits.reconnectMillisecondsMost

    /// How long an event may wait for others when less than a full frame is waiting. 0: it does not wait. Events that
    /// arrive while the connection is busy still form the next frame together.
    public var lingerMilliseconds: Int64 = 0
    /// The most events of one frame, if fewer than the server allows are wanted.
    public var frameEvents = Limits.publishFrameEvents
    /// The most unacknowledged events, if fewer than the server allows are wanted.
    public var windowEvents = Int.max
    /// The most events, and bytes of their records, that the publisher holds without an answer. When the limit is
    /// reached, `publish` and `submit` suspend, first come, first served. A single call that is larger than the limit
    /// is admitted alone.
    public var bufferedEvents = Limits.publisherEvents
    public var bufferedBytes = Limits.publisherBytes
    /// How long `close` waits for answers.
    public var closeMilliseconds = Limits.publisherCloseMilliseconds

    /// Logs connections that begin and end, and publications that end without an answer. Never payloads, never keys.
    public var logger: Logger?

    public init(servers: [ServerAddress], apiKey: String) {
        self.servers = servers
        self.apiKey = apiKey
    }

    /// The same server and key as a single connection.
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

    /// What is wrong with the settings; nil: nothing.
    var mistake: String? {
        if servers.isEmpty { return "no server: expected one address or more" }
        if [frameEvents, windowEvents, bufferedEvents, bufferedBytes].contains(where: { $0 < 1 }) {
            return "frameEvents, windowEvents, bufferedEvents and bufferedBytes must be 1 or more"
        }
        if patienceMilliseconds < 1 || lingerMilliseconds < 0 || closeMilliseconds < 0 {
            return "patienceMilliseconds must be 1 or more, lingerMilliseconds and closeMilliseconds 0 or more"
        }
        if backoffLeastMilliseconds < 1 || backoffMostMilliseconds < backoffLeastMilliseconds {
            return "expected 1 ≤ backoffLeastMilliseconds ≤ backoffMostMilliseconds"
        }
        if apiKey.utf8.count > Int(UInt16.max) || clientName.utf8.count > Int(UInt16.max) {
            return "apiKey and clientName must have at most 65,535 bytes"
        }
        return nil
    }
}
