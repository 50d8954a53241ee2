/// What a caller waits for.
public enum ReceiverCondition: Sendable, Equatable {
    /// At least this number of requests.
    case requests(Int)
    /// At least this number of accepted messages.
    case accepted(Int)

    var wanted: Int {
        switch self {
        case .requests(let count), .accepted(let count): count
        }
    }

    func holds(_ counters: ReceiverCounters) -> Bool {
        switch self {
        case .requests(let count): counters.requests >= count
        case .accepted(let count): counters.accepted >= count
        }
    }
}

/// Callers that wait for a condition.
struct WaitList {
    enum Aim {
        case counters(ReceiverCondition)
        /// Requests that match a filter. They are counted as they arrive, because the journal's ring may be shorter
        /// than the wait.
        case matching(Int, MatchTally)
    }

    /// How a wait ended.
    struct End: Sendable {
        /// False: the time is over, the caller gave up, or the receiver stopped.
        let isMet: Bool
        /// For a wait for matching requests.
        let count: MatchCount
    }

    struct Wait {
        let token: Int
        fileprivate(set) var aim: Aim
        /// Called once, outside the lock.
        private let finish: @Sendable (End) -> Void

        init(token: Int, aim: Aim, finish: @escaping @Sendable (End) -> Void) {
            self.token = token
            self.aim = aim
            self.finish = finish
        }

        func resume(_ isMet: Bool) {
            guard case .matching(_, let tally) = aim else { return finish(End(isMet: isMet, count: MatchCount())) }
            finish(End(isMet: isMet, count: tally.count))
        }

        func holds(_ counters: ReceiverCounters) -> Bool {
            switch aim {
            case .counters(let condition): condition.holds(counters)
            case .matching(let wanted, let tally): tally.count.found >= wanted
            }
        }
    }

    private var waits: [Wait] = []
    private var isClosed = false

    var count: Int { waits.count }

    /// - Parameter entries: earlier requests, newest first.
    /// - Returns: the wait itself if it was not accepted, because the list is closed.
    mutating func add(_ wait: Wait, _ entries: [JournalEntry]) -> Wait? {
        var wait = wait
        wait.change { $0.begin(with: entries) }
        guard !isClosed else { return wait }
        waits.append(wait)
        return nil
    }

    mutating func remove(_ token: Int) -> Wait? {
        waits.firstIndex { $0.token == token }.map { waits.remove(at: $0) }
    }

    /// Counts one more request.
    mutating func take(_ entry: JournalEntry) { for index in waits.indices { waits[index].change { $0.take(entry) } } }

    /// Counts again from zero.
    mutating func reset() { for index in waits.indices { waits[index].change { $0.begin(with: []) } } }

    /// Removes and returns all waits; none is accepted afterwards.
    mutating func close() -> [Wait] {
        isClosed = true
        defer { waits = [] }
        return waits
    }

    mutating func takeSatisfied(by counters: ReceiverCounters) -> [Wait] {
        let satisfied = waits.filter { $0.holds(counters) }
        if !satisfied.isEmpty { waits.removeAll { $0.holds(counters) } }
        return satisfied
    }
}

extension WaitList.Wait {
    fileprivate mutating func change(_ body: (inout MatchTally) -> Void) {
        guard case .matching(let wanted, var tally) = aim else { return }
        body(&tally)
        aim = .matching(wanted, tally)
    }
}
