import DequeModule
package import Settings
package import WebhookModel

/// The addresses of names that a sender uses, and the look-ups under way. No threads, no clock: `now` is monotonic
/// nanoseconds.
///
/// A resolved name is fresh for 30 s and usable for 30 s more while it is looked up again, so steady traffic never
/// waits for DNS. A name that failed is not looked up again for 5 s. A look-up that takes over 2 s counts as failed;
/// its late answer is still used.
package struct NameCache {
    package enum Finding: Equatable {
        case found([IPAddress], freshUntil: Int64)
        case failed(NameFailure)
        case pending
    }

    private static let fresh = Limits.nameFreshMilliseconds * 1_000_000
    private static let usable = Limits.nameUsableMilliseconds * 1_000_000
    private static let failed = Limits.nameFailedMilliseconds * 1_000_000
    private static let patience = Limits.nameLookupMilliseconds * 1_000_000

    private struct Entry {
        var addresses: [IPAddress] = []
        var freshUntil = Int64.min
        var usableUntil = Int64.min
        var failedUntil = Int64.min
        var failure = NameFailure.notFound
        /// A look-up is under way, or is late.
        var asked = false
        /// Endpoints that need the answer to continue.
        var waiting: [EndpointNumber] = []
        /// When they stop waiting.
        var deadline = Int64.max

        func isDead(_ now: Int64) -> Bool {
            !asked && waiting.isEmpty && usableUntil <= now && failedUntil <= now
        }
    }

    private var entries: [String: Entry] = [:]
    private var deadlines = Deque<(at: Int64, host: String)>()
    private var pruneAt = Limits.namesBeforePruning

    package var count: Int { entries.count }

    package init() {}

    /// The cached result for the name. Where there is none, `endpoint` waits for the answer.
    ///
    /// - Returns: the result, and whether a look-up must be sent.
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
            // Not cached by the target: each attempt asks here until the answer comes, which costs one look into a
            // dictionary.
            return (.found(entry.addresses, freshUntil: now), ask)
        }
        if entry.waiting.isEmpty {
            entry.deadline = now + NameCache.patience
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
            // A resolver's short failure does not discard an address that is still usable.
            entry.freshUntil = min(entry.usableUntil, now + NameCache.failed)
        case .failed(let failure):
            entry.failure = failure
            entry.failedUntil = now + NameCache.failed
        case .found(let addresses):
            entry.addresses = NameCache.keepingFirst(of: entry.addresses, in: addresses)
            entry.freshUntil = now + NameCache.fresh
            entry.usableUntil = now + NameCache.usable
            entry.failedUntil = .min
        }
        let waiting = entry.waiting
        entry.waiting = []
        entries[host] = entry
        return waiting
    }

    /// The endpoints whose look-up took too long. Call until empty.
    package mutating func expire(now: Int64) -> [EndpointNumber] {
        while let first = deadlines.first, first.at <= now {
            deadlines.removeFirst()
            // The deadline of a look-up that was answered stays in the queue; a newer look-up has its own.
            guard var entry = entries[first.host], entry.deadline <= now, !entry.waiting.isEmpty else { continue }
            entry.failedUntil = now + NameCache.failed
            entry.failure = .timedOut
            let waiting = entry.waiting
            entry.waiting = []
            entries[first.host] = entry
            return waiting
        }
        return []
    }

    /// The earliest deadline of a look-up.
    package var nextDeadline: Int64? { deadlines.first?.at }

    /// Makes the name's next address its first: a connection to the first one failed.
    package mutating func rotate(_ host: String, past address: IPAddress) {
        guard let addresses = entries[host]?.addresses, addresses.count > 1, addresses[0] == address else { return }
        entries[host]?.addresses = Array(addresses.dropFirst()) + [address]
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
