import DequeModule
package import Settings
package import WebhookModel

/// The addresses of names that a sender uses, and the look-ups under way. No threads, no clock: `now` is monotonic
/// nanoseconds.
///
/// A resolved name is fresh for 30 s and usable for 30 s more while it is looked up again, so steady traffic never
/// waits for DNS. One look-up serves all endpoints that wait for the name, each for its own patience; a late answer is
/// still used. A name that failed is looked up again after a pause, which doubles up to 30 s.
package struct NameCache {
    package enum Finding: Equatable {
        case found([IPAddress], freshUntil: Int64)
        /// Not looked up again before the time.
        case failed(NameFailure, until: Int64)
        case pending
    }

    private static let fresh = Limits.nameFreshMilliseconds * 1_000_000
    private static let usable = Limits.nameUsableMilliseconds * 1_000_000
    private static let unknown = Limits.nameUnknownMilliseconds * 1_000_000
    private static let unanswered = Limits.nameUnansweredMilliseconds * 1_000_000
    private static let longestPause = Limits.namePauseMillisecondsMost * 1_000_000
    private static let serversFail = Limits.nameServersFailMilliseconds * 1_000_000

    private struct Entry {
        var addresses: [IPAddress] = []
        var freshUntil = Int64.min
        var usableUntil = Int64.min
        var failedUntil = Int64.min
        var failure = NameFailure.notFound
        /// The latest pause after a failure; 0: none since the last success.
        var pause: Int64 = 0
        /// Since when the name's own servers fail.
        var failingSince: Int64?
        /// A look-up is under way, or is late.
        var asked = false
        /// Endpoints that need the answer to continue, and when each stops waiting.
        var waiting: [(endpoint: EndpointNumber, until: Int64)] = []
        /// The earliest of these times.
        var deadline = Int64.max

        func isDead(_ now: Int64) -> Bool {
            !asked && waiting.isEmpty && usableUntil <= now && failedUntil <= now
        }

        /// Remembers a failure.
        mutating func fail(_ failure: NameFailure, now: Int64) {
            let isLongAgo = failedUntil < now - NameCache.longestPause
            if isLongAgo || failure == .notFound { failingSince = nil }
            if isLongAgo { pause = 0 }
            self.failure = failure
            if failure == .serverFailed {
                let since = failingSince ?? now
                failingSince = since
                if now - since < NameCache.serversFail { self.failure = .undecided }
            }
            let first = failure == .notFound ? NameCache.unknown : NameCache.unanswered
            pause = pause == 0 ? first : min(pause * 2, NameCache.longestPause)
            failedUntil = now + pause
        }
    }

    private var entries: [String: Entry] = [:]
    /// Deadlines of names that are waited for, the earliest first.
    private var deadlines = Deque<(at: Int64, host: String)>()
    private var pruneAt = Limits.namesBeforePruning

    package var count: Int { entries.count }

    package init() {}

    /// The cached result for the name. Where there is none, `endpoint` waits for the answer.
    ///
    /// - Parameter patience: nanoseconds that it waits at most.
    /// - Returns: the result, and whether a look-up must be sent.
    package mutating func find(_ host: String, for endpoint: EndpointNumber, patience: Int64, now: Int64) -> (
        finding: Finding, ask: Bool
    ) {
        prune(now)
        var entry = entries[host] ?? Entry()
        defer { entries[host] = entry }
        if entry.freshUntil > now { return (.found(entry.addresses, freshUntil: entry.freshUntil), false) }
        if entry.failedUntil > now { return (.failed(entry.failure, until: entry.failedUntil), false) }
        let ask = !entry.asked
        entry.asked = true
        if entry.usableUntil > now {
            // Not cached by the target: each attempt asks here until the answer comes, which costs one look into a
            // dictionary.
            return (.found(entry.addresses, freshUntil: now), ask)
        }
        let until = now + patience
        entry.waiting.append((endpoint, until))
        wait(for: host, &entry, until)
        return (.pending, ask)
    }

    /// Takes an answer.
    ///
    /// - Returns: the endpoints that waited for it.
    package mutating func learn(_ host: String, _ answer: NameAnswer, now: Int64) -> [EndpointNumber] {
        var entry = entries[host] ?? Entry()
        entry.asked = false
        switch answer {
        case .failed where entry.usableUntil > now:
            // A resolver's short failure does not discard an address that is still usable.
            entry.freshUntil = min(entry.usableUntil, now + NameCache.unknown)
        case .failed(let failure): entry.fail(failure, now: now)
        case .found(let addresses):
            entry.addresses = NameCache.keepingFirst(of: entry.addresses, in: addresses)
            entry.freshUntil = now + NameCache.fresh
            entry.usableUntil = now + NameCache.usable
            entry.failedUntil = .min
            entry.pause = 0
            entry.failingSince = nil
        }
        let waiting = entry.waiting.map(\.endpoint)
        entry.waiting = []
        entry.deadline = .max
        entries[host] = entry
        return waiting
    }

    /// The endpoints of one name that waited too long for it. Call until empty.
    package mutating func expire(now: Int64) -> [EndpointNumber] {
        while let first = deadlines.first, first.at <= now {
            deadlines.removeFirst()
            // The deadline of a look-up that was answered stays in the queue; a newer look-up has its own.
            guard var entry = entries[first.host], entry.deadline <= now else { continue }
            let waiting = entry.waiting.filter { $0.until <= now }.map(\.endpoint)
            entry.waiting.removeAll { $0.until <= now }
            entry.deadline = .max
            if let next = entry.waiting.map(\.until).min() { wait(for: first.host, &entry, next) }
            if entry.failedUntil <= now { entry.fail(.undecided, now: now) }
            entries[first.host] = entry
            return waiting
        }
        return []
    }

    /// The earliest deadline of a look-up.
    package var nextDeadline: Int64? { deadlines.first?.at }

    /// Enters a deadline, if it is the name's earliest. Most endpoints have the same patience, so it belongs at the end.
    private mutating func wait(for host: String, _ entry: inout Entry, _ until: Int64) {
        guard until < entry.deadline else { return }
        entry.deadline = until
        var place = deadlines.count
        while place > 0, deadlines[place - 1].at > until { place -= 1 }
        deadlines.insert((until, host), at: place)
    }

    /// Resolvers return addresses in random order; staying with one address keeps its connections in use.
    private static func keepingFirst(of old: [IPAddress], in new: [IPAddress]) -> [IPAddress] {
        guard let first = old.first, let index = new.firstIndex(of: first) else { return new }
        var ordered = new
        ordered.remove(at: index)
        ordered.insert(first, at: 0)
        return ordered
    }

    /// Removes expired entries each time the number of entries has doubled.
    private mutating func prune(_ now: Int64) {
        guard entries.count >= pruneAt else { return }
        entries = entries.filter { !$0.value.isDead(now) }
        pruneAt = max(Limits.namesBeforePruning, entries.count * 2)
    }
}
