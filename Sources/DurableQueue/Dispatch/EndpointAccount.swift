import Scheduling
import Store
import WebhookModel

/// What the writer keeps of one endpoint: how much its sender holds, and what waits for it.
struct EndpointAccount {
    var endpoint: Endpoint
    let sender: Int
    /// Its tenant and itself are enabled.
    var active: Bool
    /// Handed over and not yet reported.
    var held = 0
    /// How much may be held: doubled by a success at the limit, halved by a failure, so that a dead endpoint holds little of its
    /// sender's room and a fast one never runs dry while a commit is on its way.
    var holdLimit = EndpointAccount.firstHoldLimit
    /// Something may be parked under this endpoint, beyond `parkedPlace`.
    var hasParked = false
    var parkedPlace = EventPosition(0)
    /// Due, but without room: durable in the due index, to be parked when many have gathered.
    var lot: [PendingEntry] = []
    private var lotHead = 0
    /// Nothing is handed over before this time, Unix milliseconds: its breaker is open, or it asked for a pause.
    var pausedUntil = Int64.min
    /// Fails without a success: the first look at each report.
    var isFailing = false
    var warnedDays = 0
    /// It delivers in order, or has sequences of when it did: what becomes of a delivery moves its sequence on.
    var hasSequences: Bool
    /// Somebody stands behind a head: outcomes do not wait for company.
    var hasBehind = false
    /// It makes batches, or has some of when it did: what is handed over may lead one.
    var hasBatches: Bool
    /// Already in the list of endpoints that want a refill.
    var wantsRefill = false
    /// It or its tenant has a rate: each hand-over takes a token of `DispatchRates`.
    var isRated = false
    /// How much `holdLimit` may become.
    private(set) var mostHeld = Limits.heldPerEndpoint

    static let firstHoldLimit = 32
    static let leastHoldLimit = 8

    init(endpoint: Endpoint, sender: Int, active: Bool) {
        self.endpoint = endpoint
        self.sender = sender
        self.active = active
        hasBatches = endpoint.settings.batch != nil
        hasSequences = endpoint.settings.order.isByKey
    }

    /// Follows its rate. A sender sends what it holds as fast as the window allows, so little more than a window may wait there, or a
    /// pause of the endpoint would be followed by more than the rate: a window, and what comes in `Limits.ratedAheadMilliseconds`.
    mutating func setRate(_ perSecond: Int?) {
        isRated = perSecond != nil
        mostHeld =
            perSecond.map {
                min(Limits.heldPerEndpoint, endpoint.settings.window + $0 * Limits.ratedAheadMilliseconds / 1_000)
            } ?? Limits.heldPerEndpoint
        holdLimit = min(max(holdLimit, leastHeld), mostHeld)
    }

    private var leastHeld: Int { min(EndpointAccount.leastHoldLimit, mostHeld) }

    /// It was given back unsent: little is handed over until it has delivered again.
    mutating func distrust() { holdLimit = leastHeld }

    var lotCount: Int { lot.count - lotHead }
    var hasBacklog: Bool { hasParked || lotCount > 0 }
    var room: Int { active && !isPaused ? max(holdLimit - held, 0) : 0 }
    var isPaused: Bool { pausedUntil > .min }

    mutating func popLot() -> PendingEntry? {
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
    mutating func takeLot(limit: Int) -> [PendingEntry] {
        let taken = Array(lot[lotHead...].prefix(limit))
        lotHead += taken.count
        if lotHead == lot.count {
            lot = []
            lotHead = 0
        }
        return taken
    }

    mutating func released(delivered: Bool) {
        let wasFull = held >= holdLimit
        held -= 1
        if delivered {
            if wasFull { holdLimit = min(holdLimit * 2, mostHeld) }
        } else {
            holdLimit = max(holdLimit / 2, leastHeld)
        }
    }
}

/// What the writer keeps of one sender.
struct SenderAccount {
    var held = 0
    var heldBytes = 0
    /// Of this turn, not yet offered.
    var outgoing: [DueDelivery] = []
    /// When it last reported anything: Unix milliseconds of the queue's clock.
    var lastReportAt: Int64 = 0
}
