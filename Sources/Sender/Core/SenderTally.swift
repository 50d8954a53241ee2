public import WebhookModel

/// Counts of a sender since it started, and gauges of what it holds now.
public struct SenderTally: Sendable {
    /// Attempts that ended, those without a request included.
    public internal(set) var attempts: UInt64 = 0
    public internal(set) var newConnections: UInt64 = 0
    public internal(set) var reusedConnections: UInt64 = 0
    /// TLS handshakes in which the server's certificates were checked, and those that continued a session, which costs
    /// a fraction: `resumedShare` of all.
    public internal(set) var fullHandshakes: UInt64 = 0
    public internal(set) var resumedHandshakes: UInt64 = 0
    /// Requests that were sent again because their pooled connection broke before any answer: possible duplicates.
    public internal(set) var possibleRepeats: UInt64 = 0
    /// Pooled connections that were given up because they held data before the request was sent.
    public internal(set) var staleConnections: UInt64 = 0
    /// Attempts that did not take place, because the machine had no connection to give or no name server answered.
    public internal(set) var shortages: UInt64 = 0
    /// The number of times that an endpoint's breaker opened.
    public internal(set) var breakersOpened: UInt64 = 0
    /// Names looked up.
    public internal(set) var lookups: UInt64 = 0
    /// Deliveries that wait in lanes, and attempts in flight.
    public internal(set) var queued = 0
    public internal(set) var inFlight = 0
    /// Endpoints that have a lane.
    public internal(set) var lanes = 0

    private var byOutcome = [UInt64](repeating: 0, count: SenderTally.outcomes)
    private static let outcomes = Int(Outcome.allCases.map(\.rawValue).max()!) + 1

    public init() {}

    /// Attempts that ended with this outcome.
    public func count(of outcome: Outcome) -> UInt64 { byOutcome[Int(outcome.rawValue)] }
    public var delivered: UInt64 { count(of: .delivered) }
    public var failed: UInt64 { attempts - delivered }
    /// The part of the TLS handshakes that continued a session, 0 to 1; 0 without handshakes.
    public var resumedShare: Double {
        let all = fullHandshakes + resumedHandshakes
        return all == 0 ? 0 : Double(resumedHandshakes) / Double(all)
    }

    mutating func add(_ outcome: Outcome) {
        attempts += 1
        byOutcome[Int(outcome.rawValue)] += 1
    }

    /// Copies another tally's counts without allocating.
    mutating func follow(_ other: borrowing SenderTally) {
        attempts = other.attempts
        newConnections = other.newConnections
        reusedConnections = other.reusedConnections
        fullHandshakes = other.fullHandshakes
        resumedHandshakes = other.resumedHandshakes
        possibleRepeats = other.possibleRepeats
        staleConnections = other.staleConnections
        shortages = other.shortages
        breakersOpened = other.breakersOpened
        lookups = other.lookups
        queued = other.queued
        inFlight = other.inFlight
        lanes = other.lanes
        for index in byOutcome.indices { byOutcome[index] = other.byOutcome[index] }
    }
}
