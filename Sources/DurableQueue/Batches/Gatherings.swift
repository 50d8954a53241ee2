import HeapModule
package import WebhookModel

/// Which endpoint is to make a batch next. Pure. The table `gathering` is the truth; an endpoint's tally stands in its record.
package struct Gatherings {
    private struct Place: Comparable {
        var at: Int64
        var endpoint: EndpointNumber

        static func < (left: Place, right: Place) -> Bool { (left.at, left.endpoint) < (right.at, right.endpoint) }
    }

    /// An endpoint's record tells which of its places is the present one; older ones are passed over.
    private var places = Heap<Place>()

    package init() {}

    /// When the next batch is to be made.
    package var nextAt: Int64 { places.min?.at ?? .max }

    /// Follows a tally. An endpoint that makes no batches has no place: what waits there is released by the settlement.
    package mutating func put(_ tally: GatheringTally, of endpoint: EndpointNumber, _ registry: inout EndpointRegistry)
    {
        guard let slot = registry.slot(endpoint) else { return dropOld(registry) }
        registry[slot].gathering = tally
        let at = registry[slot].endpoint.settings.batch.map(tally.dueAt) ?? .max
        guard registry[slot].gatheringAt ?? .max != at else { return }
        registry[slot].gatheringAt = at < .max ? at : nil
        if at < .max { places.insert(Place(at: at, endpoint: endpoint)) }
        dropOld(registry)
    }

    /// An endpoint was removed: its place must not wake the writer.
    package mutating func removed(_ registry: EndpointRegistry) { dropOld(registry) }

    private mutating func dropOld(_ registry: EndpointRegistry) {
        while let first = places.min {
            if let slot = registry.slot(first.endpoint), registry[slot].gatheringAt == first.at { return }
            places.removeMin()
        }
    }

    /// Takes the endpoints whose time has come. `put` them again, whatever comes of it.
    package mutating func takeDue(now: Int64, _ registry: inout EndpointRegistry) -> [EndpointNumber] {
        var taken: [EndpointNumber] = []
        while let first = places.min, first.at <= now {
            places.removeMin()
            _ = registry.update(first.endpoint) { $0.gatheringAt = nil }
            taken.append(first.endpoint)
            dropOld(registry)
        }
        return taken
    }
}
