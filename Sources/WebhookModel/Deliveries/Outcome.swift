/// The result of an attempt. A failure of the remote side is a value, not an error.
public enum Outcome: UInt8, Sendable, CaseIterable {
    case delivered = 0
    // The endpoint answered, but not with 2xx.
    case redirect = 1
    case gone = 2
    case throttled = 3
    case unavailable = 4
    case refusedStatus = 5
    // The endpoint did not answer. Older records use these values, from before the causes in 48 to 61 were
    // distinguished.
    case resolveFailed = 16
    /// No connection, for a cause other than 51 to 53.
    case connectFailed = 17
    /// TLS failed, for a cause other than 54 to 60.
    case tlsFailed = 18
    /// Connected, but no status with its header section came in time.
    case timedOut = 19
    case connectionReset = 20
    /// The header section is over the limit. A body that is over it leaves the outcome to the status.
    case answerTooLarge = 21
    case answerMalformed = 22
    // No request was sent.
    case addressForbidden = 32
    /// The endpoint's own settings (URL, secret) cannot be used.
    case endpointUnusable = 33
    /// The stored record does not match its checksum: never sent.
    case recordDamaged = 34
    /// The endpoint was removed, and the time in which it could have been restored is over.
    case endpointRemoved = 35
    /// The server disabled the endpoint, and nobody enabled it for so long that its deliveries stopped waiting.
    case endpointDisabled = 36
    // The endpoint did not answer, and the cause is known. Raw values are stored and never reused.
    case nameNotFound = 48
    case nameServerFailed = 49
    case nameTimedOut = 50
    case connectRefused = 51
    case connectTimedOut = 52
    case hostUnreachable = 53
    case certificateExpired = 54
    case certificateUntrusted = 55
    case certificateWrongHost = 56
    /// The endpoint's key is none of the pinned keys.
    case certificateNotPinned = 57
    case tlsHandshakeFailed = 58
    case tlsTimedOut = 59
    /// The endpoint closed TLS right after the handshake, as servers do that require a client certificate.
    case clientCertificateRefused = 60
    /// The egress proxy could not be reached, or did not open a tunnel.
    case proxyFailed = 61

    /// The name in records, logs and the API.
    public var name: String { String(describing: self) }

    public var isDelivered: Bool { self == .delivered }

    /// Whether the outcome says that the endpoint fails. It does not where the cause may as well be on our side: name
    /// servers, the egress proxy, a route, the store, settings. Such an outcome never leads to a disabling.
    public var blamesEndpoint: Bool {
        switch self {
        case .redirect, .gone, .throttled, .unavailable, .refusedStatus, .connectFailed, .tlsFailed, .timedOut,
            .connectionReset, .answerTooLarge, .answerMalformed, .addressForbidden, .nameNotFound, .connectRefused,
            .connectTimedOut, .certificateExpired, .certificateUntrusted, .certificateWrongHost, .certificateNotPinned,
            .tlsHandshakeFailed, .tlsTimedOut, .clientCertificateRefused:
            true
        case .delivered, .resolveFailed, .nameServerFailed, .nameTimedOut, .hostUnreachable, .proxyFailed,
            .endpointUnusable, .recordDamaged, .endpointRemoved, .endpointDisabled:
            false
        }
    }

    /// The outcomes that a person means who names this one: itself, and where it stands for a family, the causes that are
    /// told apart within it.
    public var family: Set<Outcome> {
        switch self {
        case .resolveFailed: [self, .nameNotFound, .nameServerFailed, .nameTimedOut]
        case .connectFailed: [self, .connectRefused, .connectTimedOut, .hostUnreachable]
        case .tlsFailed:
            [
                self, .certificateExpired, .certificateUntrusted, .certificateWrongHost, .certificateNotPinned,
                .tlsHandshakeFailed, .tlsTimedOut, .clientCertificateRefused,
            ]
        default: [self]
        }
    }

    /// The outcome of an answer with this status whose header section is complete.
    public init(status: Int) {
        switch status {
        case 200...299: self = .delivered
        case 300...399: self = .redirect
        case 410: self = .gone
        case 429: self = .throttled
        case 502, 503, 504: self = .unavailable
        default: self = .refusedStatus
        }
    }
}
