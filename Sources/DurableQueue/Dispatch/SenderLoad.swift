package import Scheduling
package import Store
import WebhookModel

/// What the writer keeps of one sender: what it holds, what leaves for it, and how far the due index was read for it.
package struct SenderLoad {
    package private(set) var held = 0
    package private(set) var heldBytes = 0
    /// By the slot of the tenant's record.
    private var heldByTenant: [Int32] = []
    /// Of this turn, not yet offered.
    package var outgoing: [DueDelivery] = []
    /// Every due entry of this sender before this place is known (held, or in a lot) or gone.
    package var scanPlace = PendingEntry.first
    /// Due entries that are not known may stand in the index at or after `scanPlace`.
    package var isScanPending = true
    /// After a scan that made no progress: no scan before this time, Unix milliseconds, unless something is released.
    package var scanNotBefore = Int64.min
    /// Since when entries wait for a scan without any progress, Unix milliseconds; nil: none does.
    package var leftSince: Int64?

    package init() {}

    /// Entries have been left in its index for long: newer deliveries would keep it too full for the scan that finds them, for as long as
    /// the load lasts.
    package func hasLeftForLong(now: Int64) -> Bool {
        guard let leftSince else { return false }
        return now - leftSince >= Limits.leftMilliseconds
    }

    package func held(ofTenantSlot slot: Int) -> Int { slot < heldByTenant.count ? Int(heldByTenant[slot]) : 0 }

    package mutating func take(_ bytes: Int, ofTenantSlot slot: Int) {
        held += 1
        heldBytes += bytes
        while heldByTenant.count <= slot { heldByTenant.append(0) }
        heldByTenant[slot] += 1
    }

    package mutating func giveBack(_ bytes: Int, ofTenantSlot slot: Int) {
        held -= 1
        heldBytes -= bytes
        heldByTenant[slot] -= 1
    }
}

extension PendingEntry {
    /// The first place of the due index.
    package static var first: PendingEntry {
        PendingEntry(
            delivery: DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0)), dueAt: 0, attempts: 0)
    }

    /// The place just after this entry in the due index.
    package var successor: PendingEntry {
        let next = DeliveryID(position: delivery.position, endpoint: EndpointNumber(delivery.endpoint.value &+ 1))
        return PendingEntry(delivery: next, dueAt: dueAt, attempts: 0)
    }
}
