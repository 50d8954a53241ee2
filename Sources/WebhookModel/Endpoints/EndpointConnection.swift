/// How an endpoint is reached, where its owner chose more than the URL. A change applies to attempts that begin after
/// it, on new connections.
public struct EndpointConnection: Sendable, Hashable {
    /// Networks that its address must be in, as `10.0.0.0/8`, `10.1.2.3:8080` or `[fd00::/8]:8443`; empty: any. They
    /// restrict only; they never allow a forbidden network.
    public var allowNetworks: [String] = []
    /// Networks that its address must not be in, in the same form.
    public var denyNetworks: [String] = []
    /// The certificate that we show to the endpoint (mTLS).
    public var identity: ClientIdentity?
    /// The only authorities that may have issued its certificate, PEM; nil: the server's.
    public var authorities: String?
    /// The key of its certificate must be one of these: `sha256//` and the base64 of the key's SHA-256, as curl writes
    /// it.
    public var pinnedKeys: [String] = []
    /// nil: the server's setting.
    public var proxy: ProxyChoice?
    /// Whether HTTP/2 is offered, by ALPN; a server without it gets HTTP/1.1. Only over TLS.
    public var http2 = true

    public init() {}

    /// Whether its connections have settings of their own, so that no other endpoint may use them.
    public var isOfItsOwn: Bool {
        identity != nil || authorities != nil || !pinnedKeys.isEmpty || proxy != nil
    }
}

/// A client certificate with its private key. Printing shows neither.
public struct ClientIdentity: Sendable, Hashable {
    /// PEM: the certificate, then intermediate certificates.
    public var certificates: String
    /// PEM, without a passphrase.
    public var key: String

    public init(certificates: String, key: String) {
        self.certificates = certificates
        self.key = key
    }
}

/// The path that an endpoint's connections take.
public enum ProxyChoice: Sendable, Hashable {
    /// Direct, even if the server has a proxy.
    case direct
    case through(EgressProxy)
}

/// An HTTP proxy that opens tunnels (CONNECT, RFC 9110 section 9.3.6). Its password is a secret.
public struct EgressProxy: Sendable, Hashable {
    /// A DNS name, or an address without brackets.
    public var host: String
    public var port: UInt16
    /// For Basic authentication; empty: none.
    public var user = ""
    public var password = ""

    public init(host: String, port: UInt16, user: String = "", password: String = "") {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
    }

    /// Without user and password.
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
