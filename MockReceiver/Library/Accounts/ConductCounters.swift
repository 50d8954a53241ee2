/// How senders followed answers and the program's expectations.
public struct ConductCounters: Sendable, Equatable {
    /// Retries whose timestamp is not newer than the attempt before, two seconds or more later.
    public internal(set) var staleTimestamps = 0
    /// Retries after a `Retry-After` that came no earlier than it said, and those that came earlier.
    public internal(set) var retryAfterObeyed = 0
    public internal(set) var retryAfterBroken = 0
    /// Requests of a message that had been answered 410 at this path.
    public internal(set) var retriesAfterGone = 0
    /// Requests of any message, from a second after the path's first 410 on.
    public internal(set) var requestsAfterGone = 0
    /// Retries that kept the declared gaps.
    public internal(set) var gapsKept = 0
    public internal(set) var gapsEarly = 0
    public internal(set) var gapsLate = 0
    /// The most requests that were unanswered at one time.
    public internal(set) var mostInFlight = 0
    /// Requests that began when the declared maximum was already unanswered.
    public internal(set) var beyondInFlight = 0
    /// Messages accepted after one with the same key and a higher number.
    public internal(set) var inversions = 0
    /// Numbers between a key's lowest and highest that have not been accepted.
    public internal(set) var missingNumbers = 0

    init() {}
}

/// One observed step of a retry schedule, in milliseconds from the end of the previous answer to the request.
public struct ObservedGap: Sendable, Equatable {
    public internal(set) var count = 0
    public internal(set) var least = Int.max
    public internal(set) var most = 0
    public internal(set) var sum = 0

    public var mean: Int { count == 0 ? 0 : sum / count }

    /// The number of separate steps; later ones are counted with the last.
    static let mostSteps = 32

    mutating func add(_ milliseconds: Int) {
        count += 1
        sum += milliseconds
        least = min(least, milliseconds)
        most = max(most, milliseconds)
    }
}
