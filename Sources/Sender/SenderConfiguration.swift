public import WebhookModel

/// The operator's settings of sending.
public struct SenderConfiguration: Sendable {
    /// The number of attempts in flight in one sender.
    public var transfers: Int
    /// The number of idle connections that one sender keeps. Each costs a descriptor.
    public var keptConnections: Int
    /// Milliseconds for TCP and TLS together.
    public var connectMilliseconds: Int64
    /// Milliseconds that the breaker of a failing endpoint stays open at first; doubled after each probe that fails.
    public var breakerOpenMilliseconds: Int64
    /// Whether endpoint URLs may be http.
    public var allowHTTP: Bool
    public var addressGuard: AddressGuard
    /// The version after `Needletail/` in User-Agent.
    public var version: String
    /// PEM file of the certificate authorities that TLS trusts; nil: the system's.
    public var authoritiesFile: String?
    /// The proxy for endpoints that choose none themselves; nil: no proxy.
    public var proxy: EgressProxy?

    /// Shared by all senders, so that they log one line about one shortage.
    let shortageLines = ShortageLines()
    /// Whether TLS sessions are read and written without libcurl where it allows that (`TLSSession`). Tests set it to
    /// false, to be in the position of a newer libcurl.
    package var takesSessions = true

    var userAgent: String { "Needletail/\(version)" }

    public init(
        transfers: Int = Limits.transfersPerSender, keptConnections: Int = Limits.keptConnections,
        connectMilliseconds: Int64 = Limits.connectMilliseconds,
        breakerOpenMilliseconds: Int64 = Limits.breakerOpenMilliseconds, allowHTTP: Bool = false,
        addressGuard: AddressGuard,
        version: String, authoritiesFile: String? = nil, proxy: EgressProxy? = nil
    ) {
        self.transfers = transfers
        self.keptConnections = keptConnections
        self.connectMilliseconds = connectMilliseconds
        self.breakerOpenMilliseconds = breakerOpenMilliseconds
        self.allowHTTP = allowHTTP
        self.addressGuard = addressGuard
        self.version = version
        self.authoritiesFile = authoritiesFile
        self.proxy = proxy
    }
}
