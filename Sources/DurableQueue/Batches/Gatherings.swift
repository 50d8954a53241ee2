import HeapModule
import Store
import WebhookModel

/// What waits for company at one endpoint.
struct GatheringTally: Equatable {
    var count = 0
    /// What a body of all of them takes at most, but for its brackets.
    var bytes = 0
    /// Since when the first of them waits, Unix milliseconds.
    var since = Int64.max

    mutating func add(_ entry: GatheredEntry) {
        count += 1
        bytes += entry.bytes
        since = min(since, entry.since)
    }

    mutating func remove(_ entries: [GatheredEntry]) {
        count -= entries.count
        bytes -= entries.reduce(0) { $0 + $1.bytes }
        if count <= 0 { self = GatheringTally() }
    }

    /// From when on a batch is to be made of them, Unix milliseconds; the least of all times: one is full.
    func dueAt(_ rule: BatchRule) -> Int64 {
        if count == 0 { return .max }
        return count >= rule.maxEvents || bytes + 2 >= rule.maxBytes ? .min : since + rule.maxWait
    }
}

/// What waits for company, by endpoint, and who is to make a batch next. Pure. The table `gathering` is the truth.
struct Gatherings {
    private struct Place: Comparable {
        var at: Int64
        var endpoint: EndpointNumber

        static func < (left: Place, right: Place) -> Bool { (left.at, left.endpoint) < (right.at, right.endpoint) }
    }

    private var tallies: [EndpointNumber: GatheringTally] = [:]
    /// An endpoint's latest place is its true one; older ones are passed over.
    private var places = Heap<Place>()
    private var placeOf: [EndpointNumber: Int64] = [:]

    func tally(_ endpoint: EndpointNumber) -> GatheringTally { tallies[endpoint] ?? GatheringTally() }

    /// When the next batch is to be made.
    var nextAt: Int64 { places.min?.at ?? .max }

    /// - Parameter rule: nil: the endpoint makes no batches; what waits is let go by others.
    mutating func put(_ tally: GatheringTally, of endpoint: EndpointNumber, _ rule: BatchRule?) {
        tallies[endpoint] = tally.count > 0 ? tally : nil
        let at = rule.map(tally.dueAt) ?? .max
        guard placeOf[endpoint] != at else { return }
        placeOf[endpoint] = at < .max ? at : nil
        if at < .max { places.insert(Place(at: at, endpoint: endpoint)) }
        dropOld()
    }

    // A place that is not true any more must not wake the writer.
    private mutating func dropOld() {
        while let first = places.min, placeOf[first.endpoint] != first.at { places.removeMin() }
    }

    /// Takes the endpoints whose time has come. `put` them again, whatever comes of it.
    mutating func takeDue(now: Int64) -> [EndpointNumber] {
        var taken: [EndpointNumber] = []
        while let first = places.min, first.at <= now {
            places.removeMin()
            placeOf[first.endpoint] = nil
            taken.append(first.endpoint)
            dropOld()
        }
        return taken
    }
}
