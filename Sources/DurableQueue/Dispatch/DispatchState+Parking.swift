package import Store
import WebhookModel

extension DispatchState {
    /// Up to `limit` entries of the lots, sorted by endpoint, for one transaction. They stay known until `parked`.
    package mutating func takeForParking(limit: Int, _ registry: inout EndpointRegistry) -> [PendingEntry] {
        var slots: [(number: UInt32, slot: Int)] = []
        registry.endpoints.forEachSlot { number, slot in
            if registry.endpoints[slot].lotCount > 0 { slots.append((number, slot)) }
        }
        slots.sort { $0.number < $1.number }
        var taken: [PendingEntry] = []
        for (_, slot) in slots where taken.count < limit {
            taken += registry[slot].takeLot(limit: limit - taken.count)
        }
        lotCount -= taken.count
        return taken
    }

    /// The transaction failed: they stay in their lots.
    package mutating func parkingFailed(_ entries: [PendingEntry], _ registry: inout EndpointRegistry) {
        for entry in entries {
            guard let slot = registry.slot(entry.delivery.endpoint) else { continue }
            registry[slot].lot.append(entry)
            lotCount += 1
        }
    }

    /// They are parked durably.
    package mutating func parked(_ entries: [PendingEntry], _ registry: inout EndpointRegistry) {
        if !entries.isEmpty {
            for sender in senders.indices { senders[sender].scanNotBefore = .min }
        }
        for entry in entries {
            known.remove(entry.delivery)
            guard let slot = registry.slot(entry.delivery.endpoint) else { continue }
            // A retry of an early event may stand before what was read already.
            registry[slot].readParkedAgain(from: entry.delivery.position)
            if registry[slot].held == 0 || registry[slot].isRated { wantRefill(slot, &registry) }
        }
    }
}
