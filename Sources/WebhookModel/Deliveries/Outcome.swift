/// The meaning of an attempt. A remote's failure is a value, not an error.
public enum Outcome: UInt8, Sendable, CaseIterable {
    case delivered = 0
    // They answered, but not 2xx.
    case redirect = 1
    case gone = 2
    case throttled = 3
    case unavailable = 4
    case refusedStatus = 5
    // They did not answer.
    /// Records of before the causes were told apart: see 48 to 50.
    case resolveFailed = 16
    /// No connection, for another cause than those of 51 to 53.
    case connectFailed = 17
    /// TLS failed, for another cause than those of 54 to 60.
    case tlsFailed = 18
    /// The connection stood; the answer was not whole in time.
    case timedOut = 19
    case connectionReset = 20
    case answerTooLarge = 21
    case answerMalformed = 22
    // We did not ask.
    case addressForbidden = 32
    /// The endpoint's own settings cannot be used (URL, secret).
    case endpointUnusable = 33
    /// The stored record does not match its checksum: never sent.
    case recordDamaged = 34
    // They did not answer, and we know why. Raw values of the store: never given twice.
    case nameNotFound = 48
    case nameServerFailed = 49
    case nameTimedOut = 50
    case connectRefused = 51
    case connectTimedOut = 52
    case hostUnreachable = 53
    case certificateExpired = 54
    case certificateUntrusted = 55
    case certificateWrongHost = 56
    /// None of the keys that the endpoint pins.
    case certificateNotPinned = 57
    case tlsHandshakeFailed = 58
    case tlsTimedOut = 59
    /// They ended TLS right after the handshake, as servers do that want a client certificate.
    case clientCertificateRefused = 60
    /// The egress proxy could not be reached, or opened no tunnel.
    case proxyFailed = 61

    /// The reason's name in records, logs and the API.
    public var name: String { String(describing: self) }

    public var isDelivered: Bool { self == .delivered }

    /// The meaning of a whole answer's status (delivery.md, outcome of an attempt).
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
