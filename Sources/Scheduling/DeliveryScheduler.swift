import DequeModule
import HeapModule
public import WebhookModel

/// Decides which of the deliveries that a sender holds goes out next.
///
/// Each endpoint has a lane: a queue in order of arrival, a window, and a time before which nothing starts. Tenants
/// take turns (`TenantRotation`), then a tenant's lanes. A slow or dead endpoint fills its own window only; a tenant
/// with a long queue gets its turn and no more. No clock and no threads: `now` is monotonic nanoseconds and never goes
/// back. Every operation is O(1), but for a heap of the lanes that are held; nothing scans idle lanes.
public struct DeliveryScheduler {
    private var lanes: [EndpointLane] = []
    private var freeLanes: [Int] = []
    private var laneOf: [EndpointNumber: Int] = [:]
    private var rotation = TenantRotation()
    private var held = Heap<HeldLane>()
    /// Lanes that became empty, each once, in about the order in which they did.
    private var retiring = Deque<Int>()
    private let transfers: Int
    private let breakerOpen: Int64

    /// Deliveries that wait.
    public private(set) var queued = 0
    /// Deliveries that were given out by `next` and not yet `finished` or `putBack`.
    public private(set) var inFlight = 0
    /// Endpoints that have a lane.
    public var laneCount: Int { laneOf.count }

    /// - Parameters:
    ///   - transfers: deliveries in flight at most, all endpoints together.
    ///   - breakerOpen: nanoseconds that an endpoint's breaker stays open at first.
    public init(transfers: Int = Limits.transfersPerSender, breakerOpen: Int64 = Breaker.firstOpen) {
        precondition(transfers > 0, "a scheduler without transfers never starts anything")
        self.transfers = transfers
        self.breakerOpen = breakerOpen
    }

    /// Puts a delivery at the end of its endpoint's lane. Who hands deliveries over bounds how many.
    public mutating func enqueue(_ delivery: DueDelivery) {
        let lane = lane(of: delivery.endpoint)
        if lanes[lane].destination !== delivery.endpoint { follow(delivery.endpoint, lane) }
        lanes[lane].window = max(1, delivery.endpoint.settings.window)
        if lanes[lane].weight != delivery.endpoint.tenantWeight {
            lanes[lane].weight = delivery.endpoint.tenantWeight
            rotation.weigh(delivery.endpoint.tenant, delivery.endpoint.tenantWeight)
        }
        lanes[lane].queue.append(delivery)
        queued += 1
        list(lane)
    }

    /// Takes the delivery whose turn it is, and counts it as in flight. Nil: nothing may start now.
    public mutating func next(now: Int64) -> DueDelivery? {
        guard inFlight < transfers else { return nil }
        releaseHeld(now)
        while let (lane, tenant) = rotation.take(free: transfers - inFlight) {
            lanes[lane].listed = false
            if lanes[lane].heldUntil > now {
                wait(lane)
                rotation.settle(tenant, spent: false)
                continue
            }
            // A lane that was suspended or filled while listed steps out; whatever frees it lists it again.
            guard lanes[lane].isWilling, lanes[lane].breaker.admits(inFlight: lanes[lane].inFlight, now: now),
                let delivery = lanes[lane].queue.popFirst()
            else {
                rotation.settle(tenant, spent: false)
                continue
            }
            lanes[lane].inFlight += 1
            queued -= 1
            inFlight += 1
            list(lane)
            rotation.settle(tenant, spent: true)
            return delivery
        }
        return nil
    }

    /// Undoes `next`: the delivery is first in its lane again.
    public mutating func putBack(_ delivery: DueDelivery) {
        guard let lane = laneOf[delivery.endpoint.number], lanes[lane].inFlight > 0 else { return }
        lanes[lane].queue.prepend(delivery)
        lanes[lane].inFlight -= 1
        queued += 1
        inFlight -= 1
        rotation.ended(lanes[lane].tenant, free: transfers - inFlight)
        list(lane)
    }

    /// Undoes `next` for a delivery that could not be sent for a reason that is not its endpoint's. Until the time
    /// (monotonic nanoseconds), or until another delivery of the endpoint in flight is over and leaves its connection,
    /// nothing to the endpoint starts.
    public mutating func putBack(_ delivery: DueDelivery, notBefore: Int64) {
        putBack(delivery)
        guard let lane = laneOf[delivery.endpoint.number] else { return }
        guard lanes[lane].inFlight == 0 else {
            lanes[lane].awaitsEnd = true
            return
        }
        lanes[lane].awaitsEnd = false
        hold(delivery.endpoint.number, until: notBefore)
        list(lane)
    }

    /// Takes a delivery that `next` gave out and that is not sent: it is not in its lane any more, and says nothing about
    /// its endpoint.
    public mutating func withdraw(_ delivery: DueDelivery, now: Int64) {
        guard let lane = laneOf[delivery.endpoint.number], lanes[lane].inFlight > 0 else { return }
        lanes[lane].inFlight -= 1
        inFlight -= 1
        rotation.ended(lanes[lane].tenant, free: transfers - inFlight)
        if lanes[lane].isEmpty { retire(lane, now) } else { list(lane) }
    }

    /// A delivery to the endpoint that `next` gave out is over.
    ///
    /// - Parameter destination: where it went; 0: to where the endpoint is now. What happened elsewhere says nothing.
    /// - Returns: what it did to the endpoint's breaker. While that is open nothing starts.
    @discardableResult
    public mutating func finished(
        _ endpoint: EndpointNumber, at destination: UInt64 = 0, isSuccess: Bool, now: Int64,
        random: inout some RandomNumberGenerator
    ) -> Breaker.Change {
        guard let lane = laneOf[endpoint], lanes[lane].inFlight > 0 else { return .none }
        lanes[lane].inFlight -= 1
        lanes[lane].awaitsEnd = false
        inFlight -= 1
        rotation.ended(lanes[lane].tenant, free: transfers - inFlight)
        let change =
            lanes[lane].isAt(destination)
            ? lanes[lane].breaker.ended(isSuccess: isSuccess, now: now, random: &random) : .none
        if case .opened(let until) = change { lanes[lane].heldUntil = max(lanes[lane].heldUntil, until) }
        if lanes[lane].isEmpty { retire(lane, now) } else { list(lane) }
        return change
    }

    /// Nothing to the endpoint starts before the time (monotonic nanoseconds). A hold is never shortened.
    ///
    /// - Parameter destination: what is to be held; 0: where the endpoint is now. A hold of another destination is none.
    public mutating func hold(_ endpoint: EndpointNumber, at destination: UInt64 = 0, until: Int64) {
        guard let lane = laneOf[endpoint], lanes[lane].isAt(destination) else { return }
        lanes[lane].heldUntil = max(lanes[lane].heldUntil, until)
    }

    /// Takes everything that waits for an endpoint that is held for long: it must not fill the room of those that work.
    ///
    /// - Returns: the deliveries in their order, and when the hold ends; nil where the hold is short or nothing waits.
    public mutating func giveBack(_ endpoint: EndpointNumber, now: Int64) -> (deliveries: [DueDelivery], until: Int64)?
    {
        guard let lane = laneOf[endpoint], lanes[lane].heldUntil > now + Limits.shortHoldNanoseconds,
            !lanes[lane].queue.isEmpty
        else { return nil }
        let deliveries = Array(lanes[lane].queue)
        lanes[lane].queue = Deque()
        queued -= deliveries.count
        if lanes[lane].isEmpty { retire(lane, now) }
        return (deliveries, lanes[lane].heldUntil)
    }

    /// Nothing to the endpoint starts before `resume`.
    public mutating func suspend(_ endpoint: EndpointNumber) {
        if let lane = laneOf[endpoint] { lanes[lane].suspended = true }
    }

    /// Ends `suspend`.
    public mutating func resume(_ endpoint: EndpointNumber) {
        guard let lane = laneOf[endpoint] else { return }
        lanes[lane].suspended = false
        list(lane)
    }

    /// When the earliest hold of a lane with waiting deliveries ends; nil where none is held. `next` finds out about a
    /// hold when it comes to the lane, so ask after `next` said nil.
    public var nextRelease: Int64? { held.min?.until }

    /// Drops lanes that have been empty for a minute, the longest first.
    ///
    /// - Returns: an endpoint whose lane was dropped; nil: none is due. Call until nil.
    public mutating func dropIdleLane(now: Int64) -> EndpointNumber? {
        let limit = now - Limits.laneRetirementNanoseconds
        while let lane = retiring.first, lanes[lane].emptySince <= limit || !lanes[lane].isEmpty {
            retiring.removeFirst()
            lanes[lane].retiring = false
            guard lanes[lane].isEmpty else { continue }
            // A hold outlives the queue; a lane in the heap or the rotation is still referred to.
            if lanes[lane].heldUntil > now || lanes[lane].timed || lanes[lane].listed {
                retire(lane, now)
                return nil
            }
            return drop(lane)
        }
        return nil
    }
}

extension DeliveryScheduler {
    private mutating func lane(of endpoint: Endpoint) -> Int {
        if let lane = laneOf[endpoint.number] { return lane }
        let fresh = EndpointLane(endpoint, breaker: Breaker(firstOpen: breakerOpen))
        let lane: Int
        if let free = freeLanes.popLast() {
            lane = free
            lanes[lane] = fresh
        } else {
            lane = lanes.count
            lanes.append(fresh)
        }
        laneOf[endpoint.number] = lane
        rotation.laneAdded(endpoint.tenant)
        return lane
    }

    /// An endpoint was changed. A hold and a breaker are about the URL that they were found out of: another one starts anew.
    private mutating func follow(_ endpoint: Endpoint, _ lane: Int) {
        let isMoved = lanes[lane].destination.settings.url != endpoint.settings.url
        lanes[lane].destination = endpoint
        guard isMoved else { return }
        lanes[lane].breaker = Breaker(firstOpen: breakerOpen)
        lanes[lane].heldUntil = .min
        // Its place in the heap is left behind: it frees the lane once more, which does nothing.
        lanes[lane].timed = false
    }

    private mutating func list(_ lane: Int) {
        guard lanes[lane].isWilling, !lanes[lane].listed, !lanes[lane].timed else { return }
        lanes[lane].listed = true
        rotation.list(lane, of: lanes[lane].tenant)
    }

    /// Sets a held lane aside until its time.
    private mutating func wait(_ lane: Int) {
        guard !lanes[lane].timed else { return }
        lanes[lane].timed = true
        held.insert(HeldLane(until: lanes[lane].heldUntil, lane: lane))
    }

    private mutating func releaseHeld(_ now: Int64) {
        while let first = held.min, first.until <= now {
            held.removeMin()
            lanes[first.lane].timed = false
            list(first.lane)
        }
    }

    private mutating func retire(_ lane: Int, _ now: Int64) {
        lanes[lane].emptySince = now
        guard !lanes[lane].retiring else { return }
        lanes[lane].retiring = true
        retiring.append(lane)
    }

    private mutating func drop(_ lane: Int) -> EndpointNumber {
        let endpoint = lanes[lane].endpoint
        laneOf[endpoint] = nil
        rotation.laneDropped(lanes[lane].tenant)
        lanes[lane].queue = Deque()
        freeLanes.append(lane)
        return endpoint
    }
}
