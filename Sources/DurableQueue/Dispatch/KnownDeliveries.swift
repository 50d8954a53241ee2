package import WebhookModel

/// The deliveries that memory knows of: handed to a sender, or waiting to be parked. A scan of the due index passes over them.
///
/// Open addressing with linear probing and backward shift: this is asked and changed for every delivery, and a standard Set with
/// its keyed hash costs three times as much.
package struct KnownDeliveries {
    // A zero position marks a free slot: positions begin at 1.
    private var slots: [DeliveryID]
    private var mask: Int
    package private(set) var count = 0

    private static let free = DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0))

    package init(minimumCapacity: Int = 1_024) {
        var capacity = 16
        while capacity < minimumCapacity * 2 { capacity *= 2 }
        slots = Array(repeating: KnownDeliveries.free, count: capacity)
        mask = capacity - 1
    }

    package func contains(_ delivery: DeliveryID) -> Bool {
        var slot = home(delivery)
        while slots[slot].position.value != 0 {
            if slots[slot] == delivery { return true }
            slot = (slot + 1) & mask
        }
        return false
    }

    /// False: it was known already.
    @discardableResult
    package mutating func insert(_ delivery: DeliveryID) -> Bool {
        if (count + 1) * 2 > slots.count { grow() }
        var slot = home(delivery)
        while slots[slot].position.value != 0 {
            if slots[slot] == delivery { return false }
            slot = (slot + 1) & mask
        }
        slots[slot] = delivery
        count += 1
        return true
    }

    /// False: it was not known.
    @discardableResult
    package mutating func remove(_ delivery: DeliveryID) -> Bool {
        var slot = home(delivery)
        while slots[slot] != delivery {
            guard slots[slot].position.value != 0 else { return false }
            slot = (slot + 1) & mask
        }
        count -= 1
        // Those that probed past this slot move back, so that no search stops short.
        var next = (slot + 1) & mask
        while slots[next].position.value != 0 {
            let distance = (next - home(slots[next])) & mask
            if distance >= (next - slot) & mask {
                slots[slot] = slots[next]
                slot = next
            }
            next = (next + 1) & mask
        }
        slots[slot] = KnownDeliveries.free
        return true
    }

    private func home(_ delivery: DeliveryID) -> Int {
        let mixed =
            (delivery.position.value &* 0x9E37_79B9_7F4A_7C15)
            ^ (UInt64(delivery.endpoint.value) &* 0xC2B2_AE3D_27D4_EB4F)
        return Int(truncatingIfNeeded: mixed ^ (mixed >> 29)) & mask
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: KnownDeliveries.free, count: old.count * 2)
        mask = slots.count - 1
        count = 0
        for delivery in old where delivery.position.value != 0 { insert(delivery) }
    }
}
