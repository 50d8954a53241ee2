import DurableQueue
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct EndpointRegistryTests {
    // D17: removal leaves nothing behind.
    @Test func aMillionRemovedEndpointsLeaveNothing() {
        var registry = RegistrySample.registry(senders: 2)
        var dispatch = DispatchState(senders: 2, configuration: QueueConfiguration())
        registry.put(RegistrySample.endpoint(1))
        for number in 2...1_000_001 as ClosedRange<UInt32> {
            registry.put(RegistrySample.endpoint(number, rate: Rate(perSecond: 5)), pending: 3)
            let orphans = dispatch.remove(EndpointNumber(number), &registry)
            #expect(orphans.isEmpty)
        }
        #expect(registry.endpoints.count == 1 && registry.endpoints.capacity <= 64)
        #expect(registry.tenants[number: 1]?.endpoints.count == 1)
        #expect(registry.pending(of: TenantNumber(1)) == 0)
        #expect(registry.names.endpoints.map(\.number) == [EndpointNumber(1)])
    }

    @Test func aRemovedEndpointStaysOnlyWhileItsSenderHoldsDeliveries() throws {
        var registry = RegistrySample.registry()
        var dispatch = DispatchState(senders: 1, configuration: QueueConfiguration())
        registry.put(RegistrySample.endpoint(1))
        let slot = try #require(registry.slot(EndpointNumber(1)))
        let endpoint = registry[slot].endpoint
        for position in 1...2 as ClosedRange<UInt64> {
            dispatch.hand(
                DueDelivery(event: Sample.event(position), endpoint: endpoint, attempt: 1, entry: .due(1)), slot: slot,
                now: 1, &registry)
        }
        _ = dispatch.remove(EndpointNumber(1), &registry)
        #expect(!registry.contains(EndpointNumber(1)) && registry.endpoints.count == 1 && dispatch.heldCount == 2)
        for position in 1...2 as ClosedRange<UInt64> {
            let report = AttemptReport(
                delivery: DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(1)), entry: .due(1),
                attempt: 1, trigger: .schedule, outcome: .delivered, status: 200, startedAt: 0,
                phases: AttemptPhases(), reusedConnection: false, address: "",
                heldBytes: Sample.event(position).bytes.count)
            let released = dispatch.release(report, now: 2, &registry)
            #expect(released)
        }
        #expect(registry.endpoints.count == 0 && dispatch.heldCount == 0 && dispatch.senders[0].heldBytes == 0)
    }

    // What an endpoint held was limited to 256, so a window of 1,024 was never more than a quarter full.
    @Test(arguments: [(nil, Limits.heldPerEndpoint), (1_024, 2_048)] as [(Int?, Int)])
    func anEndpointThatDeliversMayHoldTwoWindows(window: Int?, most: Int) throws {
        var registry = RegistrySample.registry()
        registry.put(RegistrySample.endpoint(1) { $0.window = window ?? $0.window })
        let slot = try #require(registry.slot(EndpointNumber(1)))
        for _ in 0..<20 {
            registry[slot].held = registry[slot].holdLimit
            registry[slot].released(delivered: true)
        }
        #expect(registry[slot].holdLimit == most)
    }

    @Test func aRatedEndpointHoldsAWindowAndLittleMore() throws {
        var registry = RegistrySample.registry()
        registry.put(RegistrySample.endpoint(1, rate: Rate(perSecond: 100)) { $0.window = 1_024 })
        let slot = try #require(registry.slot(EndpointNumber(1)))
        for _ in 0..<20 {
            registry[slot].held = registry[slot].holdLimit
            registry[slot].released(delivered: true)
        }
        #expect(registry[slot].holdLimit == 1_024 + 100 * Limits.ratedAheadMilliseconds / 1_000)
    }

    @Test func routesFollowEnablingDisablingAndRemoval() {
        var registry = RegistrySample.registry()
        for number in 1...3 as ClosedRange<UInt32> { registry.put(RegistrySample.endpoint(number)) }
        func routes() -> [UInt32] {
            Array("task.done".utf8).withUnsafeBytes { registry.routes(for: $0, of: TenantNumber(1)) }.map(
                \.number.value)
        }
        #expect(routes() == [1, 2, 3])
        // The server disabled it: what comes waits.
        registry.putHealth(
            EndpointNumber(2), EndpointHealth(), disabled: Endpoint.Disablement(reason: .gone, at: 5))
        #expect(routes() == [1, 2, 3] && registry.record(EndpointNumber(2))?.active == false)
        // Its owner paused it: the same. Its owner disabled it: nothing is kept.
        registry.put(RegistrySample.endpoint(2) { $0.paused = true })
        #expect(routes() == [1, 2, 3] && registry.record(EndpointNumber(2))?.active == false)
        registry.put(RegistrySample.endpoint(2) { $0.enabled = false })
        #expect(routes() == [1, 3] && registry.record(EndpointNumber(2))?.active == false)
        registry.put(RegistrySample.endpoint(2))
        #expect(routes() == [1, 2, 3] && registry.record(EndpointNumber(2))?.active == true)
        _ = registry.remove(EndpointNumber(1))
        #expect(routes() == [2, 3])
        var disabled = RegistrySample.tenant(1)
        disabled.value.enabled = false
        _ = registry.put(disabled)
        #expect(registry.record(EndpointNumber(2))?.active == false)
    }
}
