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
    func aBatchIsDueWhenItsFirstEventHasWaitedOrItHasEnoughEvents(count: Int, at: Int64) {
        #expect(tally(count).dueAt(BatchRule(maxEvents: 4, maxWait: 500)) == at)
    }

    @Test(arguments: [(2_048, 1_500), (2_002, Int64.min), (2_003, 1_500)])
    func aBatchIsDueWhenItHasEnoughBytes(maxBytes: Int, at: Int64) {
        #expect(tally(20).dueAt(BatchRule(maxEvents: 100, maxBytes: maxBytes, maxWait: 500)) == at)
    }

    @Test func dueTimesComeInOrderAndAnOutdatedOneIsIgnored() {
        var gatherings = Gatherings()
        var registry = RegistrySample.registry()
        let rule = BatchRule(maxEvents: 4, maxWait: 500)
        registry.put(RegistrySample.endpoint(1, batch: rule))
        registry.put(RegistrySample.endpoint(2, batch: rule))
        registry.put(RegistrySample.endpoint(3))
        gatherings.put(tally(1, since: 2_000), of: EndpointNumber(1), &registry)
        gatherings.put(tally(1, since: 1_000), of: EndpointNumber(2), &registry)
        gatherings.put(tally(1, since: 1_500), of: EndpointNumber(3), &registry)
        #expect(gatherings.nextAt == 1_500)
        // Its batch was made before its time: the next one waits from later on.
        gatherings.put(tally(1, since: 3_000), of: EndpointNumber(2), &registry)
        #expect(gatherings.nextAt == 2_500)
        gatherings.put(tally(4, since: 3_000), of: EndpointNumber(2), &registry)
        #expect(gatherings.nextAt == .min)
        let full = gatherings.takeDue(now: 2_499, &registry)
        #expect(full == [EndpointNumber(2)] && gatherings.nextAt == 2_500)
        let waited = gatherings.takeDue(now: 2_500, &registry)
        #expect(waited == [EndpointNumber(1)] && gatherings.nextAt == .max)
        // No batch came of it: put again, it is due again.
        gatherings.put(registry[registry.slot(EndpointNumber(1))!].gathering, of: EndpointNumber(1), &registry)
        #expect(gatherings.nextAt == 2_500)
        gatherings.put(GatheringTally(), of: EndpointNumber(1), &registry)
        #expect(gatherings.nextAt == .max && registry[registry.slot(EndpointNumber(1))!].gathering.count == 0)
        // A removed endpoint does not wake the writer.
        gatherings.put(tally(1, since: 1_000), of: EndpointNumber(2), &registry)
        #expect(gatherings.nextAt == 1_500)
        _ = registry.remove(EndpointNumber(2))
        gatherings.removed(registry)
        #expect(gatherings.nextAt == .max)
    }
}
