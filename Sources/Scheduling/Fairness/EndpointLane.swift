import DequeModule
import WebhookModel

/// What waits for one endpoint in one sender: a queue in order of arrival, and what may leave it now.
struct EndpointLane {
    let endpoint: EndpointNumber
    let tenant: TenantNumber
    /// The newest endpoint object of this lane: what was found out is about its URL.
    var destination: Endpoint
    var queue = Deque<DueDelivery>()
    var inFlight = 0
    /// In flight at most; follows the newest endpoint object.
    var window: Int
    /// Its tenant's weight, as the newest endpoint object of this lane says; 0 before the first.
    var weight = 0
    /// Nothing starts before this monotonic time, nanoseconds.
    var heldUntil = Int64.min
    var breaker: Breaker
    /// Nothing starts until `resume`: the endpoint's name is being looked up.
    var suspended = false
    /// Nothing starts until a delivery in flight is over: the machine has no further connection to give.
    var awaitsEnd = false
    /// Stands in its tenant's rotation: at most once at a time.
    var listed = false
    /// Stands in the heap of held lanes: at most once at a time.
    var timed = false
    /// Stands in the list of lanes that may be dropped: at most once at a time.
    var retiring = false
    /// When it last became empty, monotonic nanoseconds.
    var emptySince = Int64.min

    init(_ endpoint: Endpoint, breaker: Breaker) {
        self.endpoint = endpoint.number
        tenant = endpoint.tenant
        destination = endpoint
        window = endpoint.settings.window
        self.breaker = breaker
    }

    var isEmpty: Bool { queue.isEmpty && inFlight == 0 }

    /// Whether a destination is that of the newest endpoint object; 0 always is.
    func isAt(_ destination: UInt64) -> Bool { destination == 0 || destination == self.destination.destination }

    /// Has something that could start, but for a hold.
    var isWilling: Bool { !queue.isEmpty && inFlight < window && !suspended && !awaitsEnd }
}
