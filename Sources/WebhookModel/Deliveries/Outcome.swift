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
    case resolveFailed = 16
    case connectFailed = 17
    case tlsFailed = 18
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
