public import WebhookModel

/// What an operator may choose about sending.
public struct SenderConfiguration: Sendable {
    /// Transfers in flight in one sender.
    public var transfers: Int
    /// Idle connections that one sender keeps for later. Each costs a descriptor.
    public var keptConnections: Int
    /// Milliseconds for TCP and TLS together.
    public var connectMilliseconds: Int64
    /// How long an endpoint that keeps failing is left alone at first; twice as long after each probe that fails.
    public var breakerOpenMilliseconds: Int64
    /// Whether endpoints may be plain http.
    public var allowHTTP: Bool
    public var addressGuard: AddressGuard
    /// What follows `Needletail/` in User-Agent.
    public var version: String
    /// PEM file of the authorities that TLS trusts; nil: the system's.
    public var authoritiesFile: String?
    /// What attempts go through where their endpoint names no other way; nil: straight.
    public var proxy: EgressProxy?

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
