package import Store
import WebhookModel

/// One walk over the due index for one sender: what it chose, what must wait, and where it stopped. Pure.
///
/// Each sender has a walk of its own, so that a sender which takes nothing more delays no other.
package struct DueScan {
    package let sender: Int
    /// Deliveries that the sender may still take.
    private var places: Int
    /// Entries that the lots may still take.
    private var lotPlaces: Int
    private let limit: Int
    private var chosenFor: [Int: Int] = [:]
    private var visited = 0

    package private(set) var chosen: [(slot: Int, entry: PendingEntry)] = []
    package private(set) var toWait: [(slot: Int, entry: PendingEntry)] = []
    package private(set) var orphans: [PendingEntry] = []
    /// Every entry of the sender before it is dealt with.
    package private(set) var place: PendingEntry
    /// The time of the entry at which the walk ended, because it is not due yet; `max`: the index ended. Nil: the walk was interrupted.
    package private(set) var nextDue: Int64? = .max

    /// - Parameter limit: entries that the walk looks at.
    package init(of sender: Int, _ dispatch: DispatchState, limit: Int) {
        self.sender = sender
        self.limit = limit
        places = dispatch.freePlaces(sender)
        lotPlaces = dispatch.freeLotPlaces
        place = dispatch.senders[sender].scanPlace
    }

    /// An interrupted walk that chose nothing and went no further: it waits for a report, or for the lots to be parked.
    package var madeNoProgress: Bool {
        nextDue == nil && chosen.isEmpty && toWait.isEmpty && orphans.isEmpty && visited < limit
    }

    /// Decides about the next entry.
    ///
    /// - Returns: whether the walk goes on.
    package mutating func visit(
        _ entry: PendingEntry, now: Int64, _ dispatch: inout DispatchState, _ registry: inout EndpointRegistry
    ) -> Bool {
        guard entry.dueAt <= now else {
            nextDue = entry.dueAt
            return false
        }
        guard visited < limit, choose(entry, now: now, &dispatch, &registry) else {
            nextDue = nil
            return false
        }
        visited += 1
        place = entry.successor
        return true
    }

    private mutating func choose(
        _ entry: PendingEntry, now: Int64, _ dispatch: inout DispatchState, _ registry: inout EndpointRegistry
    ) -> Bool {
        let number = entry.delivery.endpoint
        // Those of other senders are found by their own walks. An orphan belongs to the sender of its number.
        guard Int(number.value) % dispatch.senders.count == sender, !dispatch.known.contains(entry.delivery) else {
            return true
        }
        guard let slot = registry.slot(number), !registry[slot].isGivenUp else {
            orphans.append(entry)
            return true
        }
        let room = dispatch.room(of: slot, now: now, &registry)
        if registry[slot].hasBacklog || room <= chosenFor[slot, default: 0] {
            guard lotPlaces > 0 else { return false }
            lotPlaces -= 1
            toWait.append((slot, entry))
            return true
        }
        guard places > 0 else { return false }
        places -= 1
        chosenFor[slot, default: 0] += 1
        chosen.append((slot, entry))
        return true
    }
}
