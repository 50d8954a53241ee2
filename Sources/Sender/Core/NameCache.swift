import DequeModule
package import WebhookModel

/// What a sender knows about names, and which look-ups are on their way. No threads, no clock: `now` is monotonic
/// nanoseconds.
///
/// A found name is fresh for 30 s and usable for 30 s more while it is looked up again, so steady traffic never waits
/// for DNS. A name that failed is not asked for again for 5 s. A look-up that takes over 2 s counts as failed; its late
/// answer is still taken.
package struct NameCache {
    package enum Finding: Equatable {
        case found([IPAddress], freshUntil: Int64)
        case failed(NameFailure)
        case pending
    }

    package static let freshNanoseconds: Int64 = 30_000_000_000
    package static let usableNanoseconds: Int64 = 60_000_000_000
    package static let failedNanoseconds: Int64 = 5_000_000_000
    package static let deadlineNanoseconds: Int64 = 2_000_000_000

    private struct Entry {
        var addresses: [IPAddress] = []
        var freshUntil = Int64.min
        var usableUntil = Int64.min
        var failedUntil = Int64.min
        var failure = NameFailure.notFound
        /// A look-up is out and has not been answered, in time or not.
        var asked = false
        /// Endpoints that cannot go on without the answer.
        var waiting: [EndpointNumber] = []
        /// When they stop waiting.
        var deadline = Int64.max

        func isDead(_ now: Int64) -> Bool {
            !asked && waiting.isEmpty && usableUntil <= now && failedUntil <= now
        }
    }

    private var entries: [String: Entry] = [:]
    private var deadlines = Deque<(at: Int64, host: String)>()
    private var pruneAt = 1_024

    package var count: Int { entries.count }

    package init() {}

    /// What is known of the name. Where nothing is, `endpoint` waits for the answer.
    ///
    /// - Returns: the finding, and whether a look-up must be sent.
    package mutating func find(_ host: String, for endpoint: EndpointNumber, now: Int64) -> (
        finding: Finding, ask: Bool
    ) {
        prune(now)
        var entry = entries[host] ?? Entry()
        defer { entries[host] = entry }
        if entry.freshUntil > now { return (.found(entry.addresses, freshUntil: entry.freshUntil), false) }
        if entry.failedUntil > now { return (.failed(entry.failure), false) }
        let ask = !entry.asked
        entry.asked = true
        if entry.usableUntil > now {
            // Looked at again by everyone until the answer comes, a dictionary's cost.
            return (.found(entry.addresses, freshUntil: now), ask)
        }
        if entry.waiting.isEmpty {
            entry.deadline = now + NameCache.deadlineNanoseconds
            deadlines.append((entry.deadline, host))
        }
        entry.waiting.append(endpoint)
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
            // An address that worked is used to its end rather than thrown away for a resolver's hiccup.
            entry.freshUntil = min(entry.usableUntil, now + NameCache.failedNanoseconds)
        case .failed(let failure):
            entry.failure = failure
            entry.failedUntil = now + NameCache.failedNanoseconds
        case .found(let addresses):
            entry.addresses = NameCache.keepingFirst(of: entry.addresses, in: addresses)
            entry.freshUntil = now + NameCache.freshNanoseconds
            entry.usableUntil = now + NameCache.usableNanoseconds
            entry.failedUntil = .min
        }
        let waiting = entry.waiting
        entry.waiting = []
        entries[host] = entry
        return waiting
    }

    /// The endpoints whose wait is over without an answer. Call until empty.
    package mutating func expire(now: Int64) -> [EndpointNumber] {
        while let first = deadlines.first, first.at <= now {
            deadlines.removeFirst()
            // An answered wait leaves its deadline behind; a newer wait has its own.
            guard var entry = entries[first.host], entry.deadline <= now, !entry.waiting.isEmpty else { continue }
            entry.failedUntil = now + NameCache.failedNanoseconds
            entry.failure = .timedOut
            let waiting = entry.waiting
            entry.waiting = []
            entries[first.host] = entry
            return waiting
        }
        return []
    }

    /// When the earliest wait ends.
    package var nextDeadline: Int64? { deadlines.first?.at }

    /// The name's next address comes first from now on: a connection to the first failed.
    package mutating func rotate(_ host: String, past address: IPAddress) {
        guard let addresses = entries[host]?.addresses, addresses.count > 1, addresses[0] == address else { return }
        entries[host]?.addresses = Array(addresses.dropFirst()) + [address]
    }

    /// Resolvers shuffle; staying with one address keeps its connections in use.
    private static func keepingFirst(of old: [IPAddress], in new: [IPAddress]) -> [IPAddress] {
        guard let first = old.first, let index = new.firstIndex(of: first) else { return new }
        var ordered = new
        ordered.remove(at: index)
        ordered.insert(first, at: 0)
        return ordered
    }

    /// Throws away what is over, each time that the table has doubled.
    private mutating func prune(_ now: Int64) {
        guard entries.count >= pruneAt else { return }
        entries = entries.filter { !$0.value.isDead(now) }
        pruneAt = max(1_024, entries.count * 2)
    }
}
