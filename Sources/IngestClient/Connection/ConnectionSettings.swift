import WebhookModel

/// The address of a server, and the identity of the client.
public struct ConnectionSettings: Sendable {
    /// Name or address.
    public var host: String
    public var port: Int
    /// A Unix socket instead of host and port.
    public var unixPath: String?
    /// nil: plaintext.
    public var tls: TLSSettings?
    /// Authorises the client for its tenants. Never logged.
    public var apiKey: String
    /// The name of the client program, for the server's logs.
    public var clientName: String
    /// Milliseconds until the connection is established, and from then until WELCOME.
    public var connectMilliseconds = Limits.clientConnectMilliseconds
    public var welcomeMilliseconds = Limits.clientWelcomeMilliseconds
    /// The most unacknowledged events, if fewer than the server allows are wanted.
    public var windowEvents = Int.max

    public init(host: String = "127.0.0.1", port: Int = 7400, apiKey: String, clientName: String = "needletail-swift") {
        self.host = host
        self.port = port
        self.apiKey = apiKey
        self.clientName = clientName
    }

    /// Host and port, or the socket.
    public var server: ServerAddress {
        get { unixPath.map { .unix(path: $0) } ?? .tcp(host: host, port: port) }
        set {
            switch newValue {
            case .tcp(let host, let port): (self.host, self.port, unixPath) = (host, port, nil)
            case .unix(let path): unixPath = path
            }
        }
    }

    /// `host:port` or `unix:path`, for messages.
    public var address: String { server.description }
}
