import DurableQueue
import TestSupport
import Testing
import WebhookModel

@Suite struct KnownDeliveriesTests {
    @Test func aLongRandomHistoryGivesTheSameAsASet() {
        var known = KnownDeliveries(minimumCapacity: 4)
        var model: Set<DeliveryID> = []
        var random = SeededRandom(seed: 11)
        for step in 0..<200_000 {
            // Few distinct values, so that slots collide, move back and are taken again.
            let range: UInt64 = step < 100_000 ? 40 : 4_000
            let delivery = DeliveryID(
                position: EventPosition(.random(in: 1...range, using: &random)),
                endpoint: EndpointNumber(.random(in: 0...3, using: &random)))
            if Bool.random(using: &random) {
                #expect(known.insert(delivery) == model.insert(delivery).inserted)
            } else {
                #expect(known.remove(delivery) == (model.remove(delivery) != nil))
            }
            #expect(known.contains(delivery) == model.contains(delivery))
        }
        #expect(known.count == model.count)
        for delivery in model { #expect(known.contains(delivery)) }
    }
}
