package import Store
package import WebhookModel

/// The deliveries that wait for a batch at one endpoint.
package struct GatheringTally: Equatable {
    package private(set) var count = 0
    /// What a body of all of them takes at most, without its brackets.
    package private(set) var bytes = 0
    /// Since when the first of them waits, Unix milliseconds.
    package var since = Int64.max

    package init() {}

    package mutating func add(_ entry: GatheredEntry) {
        count += 1
        bytes += entry.bytes
        since = min(since, entry.since)
    }

    package mutating func remove(_ entries: [GatheredEntry]) {
        count -= entries.count
        bytes -= entries.reduce(0) { $0 + $1.bytes }
        if count <= 0 { self = GatheringTally() }
    }

    /// When a batch is to be made of them, Unix milliseconds; the least of all times: a batch is full.
    package func dueAt(_ rule: BatchRule) -> Int64 {
        if count == 0 { return .max }
        return count >= rule.maxEvents || bytes + 2 >= rule.maxBytes ? .min : since + rule.maxWait
    }
}
