/// How an endpoint is reached, where more than its URL was chosen. A change holds for attempts that begin after it, on new connections.
public struct EndpointConnection: Sendable, Hashable {
    /// Networks that it may lie in, as `10.0.0.0/8`, `10.1.2.3:8080` or `[fd00::/8]:8443`; empty: any. They restrict, and open nothing.
    public var allowNetworks: [String] = []
    /// Networks that it may not lie in, in the same form.
    public var denyNetworks: [String] = []
    /// What we show who we are with (mTLS).
    public var identity: ClientIdentity?
    /// The only authorities that its certificate may come from, PEM; nil: the server's.
    public var authorities: String?
    /// Its certificate's key must be one of these: `sha256//` and the base64 of its SHA-256, as curl writes it.
    public var pinnedKeys: [String] = []
    /// nil: as the server does.
    public var proxy: ProxyChoice?
    /// Whether HTTP/2 is offered (over TLS only).
    public var http2 = false

    public init() {}

    /// Whether its connections differ from others', so that nobody else may use them.
    public var isOfItsOwn: Bool {
        identity != nil || authorities != nil || !pinnedKeys.isEmpty || proxy != nil || http2
    }
}

/// A client's certificate with its private key. The key is a secret: printing shows none of either.
public struct ClientIdentity: Sendable, Hashable {
    /// PEM: the certificate, then intermediate ones.
    public var certificates: String
    /// PEM, without a passphrase.
    public var key: String

    public init(certificates: String, key: String) {
        self.certificates = certificates
        self.key = key
    }
}

/// Which way the connections of an endpoint go.
public enum ProxyChoice: Sendable, Hashable {
    /// Straight, even where the server has a proxy.
    case direct
    case through(EgressProxy)
}

/// An HTTP proxy that opens tunnels (CONNECT, RFC 9110 section 9.3.6). Its password is a secret.
public struct EgressProxy: Sendable, Hashable {
    /// A DNS name, or an address without brackets.
    public var host: String
    public var port: UInt16
    /// Basic authentication; empty: none.
    public var user = ""
    public var password = ""

    public init(host: String, port: UInt16, user: String = "", password: String = "") {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
    }

    /// Without its user and password.
    public var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension ClientIdentity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension EgressProxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { user.isEmpty ? address : "<redacted>@\(address)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
