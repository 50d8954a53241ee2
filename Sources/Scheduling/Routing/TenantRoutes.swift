public import WebhookModel

/// Which endpoints of one tenant get an event. Owned by the writer, changed only by its stream of commands.
///
/// A tenant whose endpoints all subscribe to everything is answered without a look at the type. Otherwise the answer for a type is
/// remembered until one of the endpoints changes.
public struct TenantRoutes: Sendable {
    private struct Remembered: Sendable {
        let type: [UInt8]
        let endpoints: [Endpoint]
    }

    /// Sorted by number, which is the order that the table of deliveries wants.
    private var endpoints: [Endpoint] = []
    /// Those whose subscription does not match every type.
    private var selective = 0
    private var memo: [UInt64: [Remembered]] = [:]
    private var remembered = 0

    public init() {}

    /// Adds an endpoint that gets new deliveries, or replaces the object of one that is present.
    public mutating func put(_ endpoint: Endpoint) {
        let place = place(of: endpoint.number)
        if place < endpoints.count, endpoints[place].number == endpoint.number {
            if !endpoints[place].settings.subscription.matchesEverything { selective -= 1 }
            endpoints[place] = endpoint
        } else {
            endpoints.insert(endpoint, at: place)
        }
        if !endpoint.settings.subscription.matchesEverything { selective += 1 }
        forget()
    }

    /// Removes an endpoint that gets no new deliveries any more; nothing happens where it is not present.
    public mutating func remove(_ number: EndpointNumber) {
        let place = place(of: number)
        guard place < endpoints.count, endpoints[place].number == number else { return }
        if !endpoints[place].settings.subscription.matchesEverything { selective -= 1 }
        endpoints.remove(at: place)
        forget()
    }

    /// The endpoints that subscribe to this event type, in the order of their numbers.
    public mutating func endpoints(for type: UnsafeRawBufferPointer) -> [Endpoint] {
        if selective == 0 { return endpoints }
        let hash = FNV1a.hash(type)
        if let known = memo[hash]?.first(where: { $0.type.elementsEqual(type) }) { return known.endpoints }
        let matching = endpoints.filter { $0.settings.subscription.matches(type) }
        if remembered >= Limits.rememberedEventTypes { forget() }
        memo[hash, default: []].append(Remembered(type: Array(type), endpoints: matching))
        remembered += 1
        return matching
    }

    private mutating func forget() {
        guard remembered > 0 else { return }
        memo.removeAll()
        remembered = 0
    }

    /// Where an endpoint stands, or would stand.
    private func place(of number: EndpointNumber) -> Int {
        // New endpoints have the highest number.
        guard let last = endpoints.last, last.number >= number else { return endpoints.count }
        var (low, high) = (0, endpoints.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if endpoints[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
