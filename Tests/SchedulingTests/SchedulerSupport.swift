import Scheduling
import TestSupport
import WebhookModel

extension DeliveryScheduler {
    mutating func enqueue(endpoint: UInt32, tenant: UInt32 = 1, positions: ClosedRange<UInt64>, window: Int = 16) {
        let endpoint = Sample.endpoint(endpoint, tenant: tenant, window: window)
        for position in positions {
            enqueue(DueDelivery(event: Sample.event(position), endpoint: endpoint, attempt: 1, entry: .due(0)))
        }
    }

    /// An attempt ended well.
    mutating func finished(_ endpoint: EndpointNumber, now: Int64) {
        var random = SplitMix(state: 1)
        finished(endpoint, isSuccess: true, now: now, random: &random)
    }

    mutating func takeAll(now: Int64 = 0) -> [DueDelivery] {
        var taken: [DueDelivery] = []
        while let delivery = next(now: now) { taken.append(delivery) }
        return taken
    }
}

/// A generator that repeats itself for a seed (SplitMix64, Steele and others 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
