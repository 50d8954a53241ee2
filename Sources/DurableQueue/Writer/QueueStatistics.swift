import Store
import WebhookModel

/// Counts of the queue since its start, and its levels now. Derived: the store is the truth.
public struct QueueStatistics: Sendable, Equatable {
    // MARK: Counts
    public var accepted = 0
    public var acceptedWithoutMatch = 0
    public var duplicates = 0
    public var conflicts = 0
    public var refusedForSpace = 0
    /// Events of tenants whose backlog is full, or over their key's rate.
    public var throttled = 0
    public var otherRefusals = 0
    public var deliveriesMade = 0
    public var delivered = 0
    public var retriesScheduled = 0
    public var deadLettered = 0
    public var cancelled = 0
    /// Deliveries that became dead letters because their event's record is damaged.
    public var quarantined = 0
    /// Rows of the store that were damaged, and were passed over or removed.
    public var damagedRows = 0
    /// Scheduled deliveries that stood in no waiting table, or in two, and were put right.
    public var repairedDeliveries = 0
    public var batchesMade = 0
    /// Batches whose content was refused, and that are sent again as two.
    public var batchesHalved = 0
    public var attempts = 0
    /// Deliveries that senders gave back unsent, because their endpoint was held.
    public var returned = 0
    /// Dead letters that were scheduled again.
    public var redelivered = 0
    /// Endpoints that we stopped sending to.
    public var endpointsDisabled = 0
    public var commits = 0
    /// Nanoseconds spent in write transactions, their commits included.
    public var commitNanoseconds = 0
    public var failedCommits = 0
    public var parkedDeliveries = 0
    public var removedEvents = 0

    // MARK: Levels
    public var held = 0
    public var inLots = 0
    public var pendingDue = 0
    public var pendingParked = 0
    /// Behind another delivery with the same ordering key.
    public var pendingBehind = 0
    /// Waiting for a batch, and in batches that are not final; the leaders of those count as due or parked.
    public var pendingGathering = 0
    public var pendingBatched = 0
    /// Ordering keys that a dead letter holds.
    public var heldKeys = 0
    public var usedPages = 0
    public var mapPages = 0
    /// Why ingest is refused just now; nil while it is not.
    public var refusal: String?

    public init() {}

    public var pending: Int { pendingDue + pendingParked + pendingBehind + pendingGathering + pendingBatched }

    mutating func count(_ result: EventResult) {
        switch result {
        case .accepted: accepted += 1
        case .acceptedNoMatch: acceptedWithoutMatch += 1
        case .duplicate: duplicates += 1
        case .conflict: conflicts += 1
        case .throttled: throttled += 1
        // Counted where it was refused.
        case .storageFull: break
        default: otherRefusals += 1
        }
    }

    mutating func adopt(_ count: PendingCount) {
        pendingDue = count.due
        pendingParked = count.parked
        pendingBehind = count.behind
        pendingGathering = count.gathering
        pendingBatched = count.batched
        heldKeys = count.heldKeys
    }
}
