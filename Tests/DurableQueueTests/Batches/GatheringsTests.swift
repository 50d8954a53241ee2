import DurableQueue
import Store
import Testing
import WebhookModel

@Suite struct GatheringsTests {
    private func tally(_ count: Int, bytes: Int = 100, since: Int64 = 1_000) -> GatheringTally {
        var tally = GatheringTally()
        for place in 0..<count {
            let delivery = DeliveryID(position: EventPosition(UInt64(place) + 1), endpoint: EndpointNumber(1))
            tally.add(GatheredEntry(delivery: delivery, since: since + Int64(place), bytes: bytes))
        }
        return tally
    }

    @Test(arguments: [
        (0, Int64.max), (1, 1_500), (3, 1_500), (4, Int64.min), (9, Int64.min),
    ])
    func aBatchIsDueWhenTheFirstHasWaitedOrThereAreEnough(count: Int, at: Int64) {
        #expect(tally(count).dueAt(BatchRule(maxEvents: 4, maxWait: 500)) == at)
    }

    @Test(arguments: [(2_048, 1_500), (2_002, Int64.min), (2_003, 1_500)])
    func orWhenTheBytesAreReached(maxBytes: Int, at: Int64) {
        #expect(tally(20).dueAt(BatchRule(maxEvents: 100, maxBytes: maxBytes, maxWait: 500)) == at)
    }

    @Test func theirTimesComeInOrderAndAnOldOneDoesNotWake() {
        var gatherings = Gatherings()
        let rule = BatchRule(maxEvents: 4, maxWait: 500)
        gatherings.put(tally(1, since: 2_000), of: EndpointNumber(1), rule)
        gatherings.put(tally(1, since: 1_000), of: EndpointNumber(2), rule)
        gatherings.put(tally(1, since: 1_500), of: EndpointNumber(3), nil)
        #expect(gatherings.nextAt == 1_500)
        // Its batch was made before its time: the next one waits from later on.
        gatherings.put(tally(1, since: 3_000), of: EndpointNumber(2), rule)
        #expect(gatherings.nextAt == 2_500)
        gatherings.put(tally(4, since: 3_000), of: EndpointNumber(2), rule)
        #expect(gatherings.nextAt == .min)
        #expect(gatherings.takeDue(now: 2_499) == [EndpointNumber(2)])
        #expect(gatherings.nextAt == 2_500)
        #expect(gatherings.takeDue(now: 2_500) == [EndpointNumber(1)])
        #expect(gatherings.nextAt == .max)
        // Nothing came of it: put again, it is due again.
        gatherings.put(gatherings.tally(EndpointNumber(1)), of: EndpointNumber(1), rule)
        #expect(gatherings.nextAt == 2_500)
        gatherings.put(GatheringTally(), of: EndpointNumber(1), rule)
        #expect(gatherings.nextAt == .max && gatherings.tally(EndpointNumber(1)).count == 0)
    }
}
