package import WebhookModel

extension EndpointRegistry {
    /// Slots of endpoints whose deliveries do not wait any longer, and are not given up yet.
    ///
    /// - Parameters:
    ///   - now: Unix milliseconds.
    ///   - removedHold: milliseconds that those of a removed endpoint wait.
    package func slotsToGiveUp(now: Int64, removedHold: Int64) -> [Int] {
        var slots: [Int] = []
        var removed: [Int: [(at: Int64, number: UInt32, slot: Int)]] = [:]
        endpoints.forEachSlot { number, slot in
            guard !endpoints[slot].isRemoved, !endpoints[slot].isGivenUp else { return }
            if let at = endpoints[slot].removedAt {
                if at + removedHold <= now {
                    slots.append(slot)
                } else {
                    removed[endpoints[slot].tenantSlot, default: []].append((at, number, slot))
                }
            } else if let disabled = endpoints[slot].disabled, disabled.at + Limits.disabledHoldMilliseconds <= now {
                slots.append(slot)
            }
        }
        for list in removed.values where list.count > Limits.removedEndpointsPerTenant {
            let oldest = list.sorted { ($0.at, $0.number) < ($1.at, $1.number) }
                .prefix(list.count - Limits.removedEndpointsPerTenant)
            slots += oldest.map(\.slot)
        }
        return slots
    }

    /// Removed endpoints that nothing refers to any more: given up, without a delivery that waits, and so long ago that their dead letters
    /// are gone too.
    package func endpointsToForget(now: Int64, after milliseconds: Int64) -> [EndpointNumber] {
        var numbers: [EndpointNumber] = []
        endpoints.forEachSlot { number, slot in
            guard !endpoints[slot].isRemoved, endpoints[slot].isGivenUp, let at = endpoints[slot].removedAt,
                at + milliseconds <= now, endpoints[slot].pending == 0, endpoints[slot].held == 0
            else { return }
            numbers.append(EndpointNumber(number))
        }
        return numbers
    }
}
