/// What a caller waits for.
public enum ReceiverCondition: Sendable, Equatable {
    /// At least so many requests.
    case requests(Int)
    /// At least so many messages accepted.
    case accepted(Int)

    func holds(_ counters: ReceiverCounters) -> Bool {
        switch self {
        case .requests(let count): counters.requests >= count
        case .accepted(let count): counters.accepted >= count
        }
    }
}

/// Callers that wait for a condition.
struct WaitList {
    struct Wait {
        let token: Int
        let condition: ReceiverCondition
        /// Called once, outside the lock. False: the time is over, or the receiver stopped.
        let resume: @Sendable (Bool) -> Void
    }

    private var waits: [Wait] = []
    private var isClosed = false

    var isEmpty: Bool { waits.isEmpty }

    /// False: the list is closed, the wait was not taken.
    mutating func add(_ wait: Wait) -> Bool {
        guard !isClosed else { return false }
        waits.append(wait)
        return true
    }

    mutating func remove(_ token: Int) -> Wait? {
        waits.firstIndex { $0.token == token }.map { waits.remove(at: $0) }
    }

    /// Everyone who waits; nobody can from now on.
    mutating func close() -> [Wait] {
        isClosed = true
        defer { waits = [] }
        return waits
    }

    mutating func takeSatisfied(by counters: ReceiverCounters) -> [Wait] {
        let satisfied = waits.filter { $0.condition.holds(counters) }
        if !satisfied.isEmpty { waits.removeAll { $0.condition.holds(counters) } }
        return satisfied
    }
}
