package import Scheduling
package import Store
package import WebhookModel

/// Everything that the writer keeps of one endpoint: the object that other rooms see, the stored row's other fields, what its sender
/// holds, what waits for it, its rate and its health.
package struct EndpointRecord: Vacatable {
    package static let vacant: EndpointRecord = {
        let row = EndpointRow(
            number: EndpointNumber(0), tenant: TenantNumber(0), name: "",
            settings: Endpoint.Settings(url: "", secrets: []))
        let endpoint = Endpoint(
            number: row.number, tenant: row.tenant, tenantName: "", name: row.name, settings: row.settings)
        return EndpointRecord(
            endpoint, Stored(row, origin: .api), tenantSlot: 0, sender: 0, active: false, pending: 0)
    }()

    // MARK: What is stored

    /// The one object of this version: hints, refills and routes share it, and senders cache by its identity.
    package var endpoint: Endpoint
    package private(set) var origin = Origin.provisioned
    package private(set) var revision: UInt64 = 0
    package private(set) var createdAt: Int64 = 0
    package private(set) var updatedAt: Int64 = 0
    /// Its failures since the last success, and the last warning.
    package var health = EndpointHealth()
    package var disabled: Endpoint.Disablement?
    /// Nothing is sent to its URL before this time, Unix milliseconds, as far as is stored.
    package var heldUntil: Int64?
    /// When it was removed; nil: it is live. Its deliveries wait for it to be created again.
    package var removedAt: Int64?

    // MARK: Dispatch

    /// Slot of its tenant's record.
    package let tenantSlot: Int
    package let sender: Int
    /// Something may be sent: it is live, it and its tenant are enabled, it is not paused, and the server did not disable it.
    package var active: Bool
    /// Its row is gone. The record stays until senders have reported everything that they hold.
    package var isRemoved = false
    /// It was removed, or the server disabled it, so long ago that its deliveries become dead letters.
    package var isGivenUp = false
    /// Handed over and not yet reported.
    package var held = 0
    /// How much may be held: doubled by a success at the limit, halved by a failure. So a dead endpoint takes little of its sender's
    /// capacity, and a fast one always has work while a commit is on its way.
    package var holdLimit = Limits.heldPerEndpointFirst
    /// Deliveries may be parked under this endpoint, beyond `parkedPlace`.
    package var hasParked = false
    package var parkedPlace = EventPosition(0)
    /// Due, but the endpoint takes no more now: durable in the due index, to be parked when many are in the lots.
    package var lot: [PendingEntry] = []
    private var lotHead = 0
    /// Nothing is handed over before this time, Unix milliseconds: its breaker is open, or it asked for a pause.
    package var pausedUntil = Int64.min
    /// It delivers in order, or has sequences from when it did: a final delivery lets the next one of its sequence go.
    package var hasSequences = false
    /// Deliveries are behind a head: reports of this endpoint are committed at once.
    package var hasBehind = false
    /// It makes batches, or has some from when it did: a delivery may lead a batch.
    package var hasBatches = false
    /// It is in the list of endpoints that want a refill.
    package var wantsRefill = false
    /// Nil: it has no rate of its own.
    package var gate: RateGate?
    /// It or its tenant has a rate: each hand-over takes tokens.
    package private(set) var isRated = false
    /// The last report was a failure.
    private var lastFailed = false
    /// How much `holdLimit` may become.
    private var holdLimitMost = Limits.heldPerEndpoint

    // MARK: Counts

    /// Deliveries that are not final.
    package var pending: Int
    /// Deliveries that wait for a batch.
    package var gathering = GatheringTally()
    /// When its next batch is to be made; nil: it has no entry in `Gatherings`.
    package var gatheringAt: Int64?

    package init(
        _ endpoint: Endpoint, _ row: Stored<EndpointRow>, tenantSlot: Int, sender: Int, active: Bool, pending: Int
    ) {
        self.endpoint = endpoint
        self.tenantSlot = tenantSlot
        self.sender = sender
        self.active = active
        self.pending = pending
        adopt(row, endpoint)
    }

    package var number: EndpointNumber { endpoint.number }

    /// The row as it is stored.
    package var row: Stored<EndpointRow> {
        var row = EndpointRow(
            number: endpoint.number, tenant: endpoint.tenant, name: endpoint.name, settings: endpoint.settings)
        row.failing = health.failing
        row.disabled = disabled
        row.heldUntil = heldUntil
        row.removedAt = removedAt
        return Stored(row, origin: origin, revision: revision, createdAt: createdAt, updatedAt: updatedAt)
    }

    /// Follows a row that was written.
    package mutating func adopt(_ row: Stored<EndpointRow>, _ endpoint: Endpoint) {
        self.endpoint = endpoint
        origin = row.origin
        revision = row.revision
        createdAt = row.createdAt
        updatedAt = row.updatedAt
        // What was found out since goes on, unless its owner wrote its settings.
        if row.value.failing != health.failing { health = EndpointHealth(failing: row.value.failing) }
        disabled = row.value.disabled
        heldUntil = row.value.heldUntil
        removedAt = row.value.removedAt
        isGivenUp = false
        if endpoint.settings.batch != nil { hasBatches = true }
        if endpoint.settings.order.isByKey { hasSequences = true }
    }

    /// Fails without a success: the first look at each report.
    package var isFailing: Bool { health.failing != nil || health.isTold }

    // MARK: Room

    /// Follows its window and its rate. Two windows keep a window full while reports are on their way. A sender sends what
    /// it holds as fast as the window allows. So it may hold little more than a window of a rated endpoint, or a pause of
    /// the endpoint would be followed by more than the rate: a window, and the rate for `Limits.ratedAheadMilliseconds`.
    package mutating func setRate(tenant: Rate?) {
        let perSecond = [endpoint.settings.rate?.perSecond, tenant?.perSecond].compactMap(\.self).min()
        isRated = perSecond != nil
        let unrated = max(Limits.heldPerEndpoint, 2 * endpoint.settings.window)
        holdLimitMost =
            perSecond.map {
                min(unrated, endpoint.settings.window + $0 * Limits.ratedAheadMilliseconds / 1_000)
            } ?? unrated
        holdLimit = min(max(holdLimit, holdLimitLeast), holdLimitMost)
        if let rate = endpoint.settings.rate {
            if gate == nil { gate = RateGate(rate) } else { gate!.adopt(rate) }
        } else {
            gate = nil
        }
    }

    private var holdLimitLeast: Int { min(Limits.heldPerEndpointLeast, holdLimitMost) }

    /// A delivery was given back unsent: little is handed over until the endpoint has delivered again.
    package mutating func reduceHoldLimit() { holdLimit = holdLimitLeast }

    package var lotCount: Int { lot.count - lotHead }
    package var hasBacklog: Bool { hasParked || lotCount > 0 }
    package var room: Int { active && !isPaused ? max(holdLimit - held, 0) : 0 }
    package var isPaused: Bool { pausedUntil > .min }

    /// Whether what was found out there is about where the endpoint is now; 0 always is.
    package func isAt(_ destination: UInt64) -> Bool { destination == 0 || destination == endpoint.destination }

    // MARK: The lot

    package mutating func popLot() -> PendingEntry? {
        guard lotHead < lot.count else { return nil }
        defer {
            lotHead += 1
            if lotHead == lot.count {
                lot.removeAll(keepingCapacity: lot.count <= 256)
                lotHead = 0
            }
        }
        return lot[lotHead]
    }

    /// Takes up to `limit` from the lot for parking.
    package mutating func takeLot(limit: Int) -> [PendingEntry] {
        let taken = Array(lot[lotHead...].prefix(limit))
        lotHead += taken.count
        if lotHead == lot.count {
            lot = []
            lotHead = 0
        }
        return taken
    }

    /// The entry of a delivery that waits in the lot.
    package func waiting(_ delivery: DeliveryID) -> PendingEntry? {
        lot[lotHead...].first { $0.delivery == delivery }
    }

    /// Takes a delivery out of the lot. False: it is not there.
    package mutating func dropWaiting(_ delivery: DeliveryID) -> Bool {
        guard let index = lot[lotHead...].firstIndex(where: { $0.delivery == delivery }) else { return false }
        lot.remove(at: index)
        if lotHead == lot.count {
            lot = []
            lotHead = 0
        }
        return true
    }

    /// Parked entries at this position and later are to be read again.
    package mutating func readParkedAgain(from position: EventPosition) {
        hasParked = true
        if position <= parkedPlace { parkedPlace = EventPosition(position.value - 1) }
    }

    /// A held delivery was reported.
    ///
    /// One failure among successes reduces nothing: the endpoint works, and with less held each event of a burst would be
    /// written to the disk and read again.
    package mutating func released(delivered: Bool) {
        let wasFull = held >= holdLimit
        held -= 1
        if delivered {
            if wasFull { holdLimit = min(holdLimit * 2, holdLimitMost) }
        } else if lastFailed {
            holdLimit = max(holdLimit / 2, holdLimitLeast)
        }
        lastFailed = !delivered
    }
}
