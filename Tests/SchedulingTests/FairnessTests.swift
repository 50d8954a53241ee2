import Scheduling
import TestSupport
import Testing
import WebhookModel

@Suite("Fairness over tenants and endpoints")
struct FairnessTests {
    @Test("tenants take turns, however much each has waiting")
    func tenants() {
        var scheduler = DeliveryScheduler(transfers: 30)
        scheduler.enqueue(endpoint: 1, tenant: 1, positions: 1...1_000, window: 1_000)
        scheduler.enqueue(endpoint: 2, tenant: 2, positions: 1...5, window: 1_000)
        scheduler.enqueue(endpoint: 3, tenant: 3, positions: 1...1_000, window: 1_000)
        let tenants = scheduler.takeAll().map(\.endpoint.tenant.value)
        #expect(tenants.prefix(15) == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])
        #expect(tenants.dropFirst(15).count(where: { $0 == 1 }) == 8)
    }

    @Test("more endpoints give a tenant no larger share")
    func manyEndpoints() {
        var scheduler = DeliveryScheduler(transfers: 40)
        for endpoint in UInt32(1)...10 { scheduler.enqueue(endpoint: endpoint, tenant: 1, positions: 1...50) }
        scheduler.enqueue(endpoint: 11, tenant: 2, positions: 1...50, window: 50)
        let taken = scheduler.takeAll()
        // Each has twice what is free.
        #expect(taken.count == 32)
        #expect(taken.count(where: { $0.endpoint.tenant.value == 2 }) == 16)
    }

    @Test("a tenant's endpoints take turns in its share")
    func endpoints() {
        var scheduler = DeliveryScheduler(transfers: 9)
        for endpoint in UInt32(1)...3 { scheduler.enqueue(endpoint: endpoint, positions: 1...50) }
        #expect(scheduler.takeAll().map(\.endpoint.number.value) == [1, 2, 3, 1, 2, 3, 1, 2, 3])
    }

    @Test("a tenant that comes late waits one round, not for the queues of others")
    func latecomer() throws {
        var scheduler = DeliveryScheduler(transfers: 100)
        for tenant in UInt32(1)...4 {
            scheduler.enqueue(endpoint: tenant, tenant: tenant, positions: 1...500, window: 500)
        }
        _ = scheduler.next(now: 0)
        scheduler.enqueue(endpoint: 9, tenant: 9, positions: 1...1)
        let order = scheduler.takeAll()
        let place = try #require(order.firstIndex { $0.endpoint.tenant.value == 9 })
        #expect(place <= 4)
    }

    @Test("a tenant whose endpoints are all held uses no turns")
    func heldTenant() {
        var scheduler = DeliveryScheduler(transfers: 10)
        for endpoint in UInt32(1)...5 {
            scheduler.enqueue(endpoint: endpoint, tenant: 1, positions: 1...10)
            scheduler.hold(EndpointNumber(endpoint), until: 1_000)
        }
        scheduler.enqueue(endpoint: 6, tenant: 2, positions: 1...20)
        #expect(scheduler.takeAll(now: 0).allSatisfy { $0.endpoint.tenant.value == 2 })
        #expect(scheduler.inFlight == 10)
    }

    @Test("a tenant whose endpoints never answer holds two thirds of the transfers, and gets the rest when others end")
    func neverAnswers() {
        var scheduler = DeliveryScheduler(transfers: 300)
        for endpoint in UInt32(1)...100 { scheduler.enqueue(endpoint: endpoint, tenant: 1, positions: 1...50) }
        #expect(scheduler.takeAll().count == 200)
        // The others always find room, one attempt after another.
        for position in UInt64(1)...500 {
            scheduler.enqueue(endpoint: 900, tenant: 2, positions: position...position)
            let taken = scheduler.takeAll()
            #expect(taken.map(\.endpoint.tenant.value) == [2])
            scheduler.finished(EndpointNumber(900), now: 0)
        }
        // What ends makes room for the tenant itself.
        for endpoint in UInt32(1)...30 { scheduler.finished(EndpointNumber(endpoint), now: 0) }
        #expect(scheduler.takeAll().count == 30)
        #expect(scheduler.inFlight == 200)
    }

    @Test("tenants at their limit pause and continue, none pauses for ever")
    func restingTenants() {
        var scheduler = DeliveryScheduler(transfers: 100)
        for tenant in UInt32(1)...10 {
            for endpoint in UInt32(0)..<3 {
                scheduler.enqueue(endpoint: tenant * 10 + endpoint, tenant: tenant, positions: 1...40, window: 40)
            }
        }
        var done: [UInt32: Int] = [:]
        var flying: [DueDelivery] = scheduler.takeAll()
        while !flying.isEmpty {
            let ending = flying.removeFirst()
            done[ending.endpoint.tenant.value, default: 0] += 1
            scheduler.finished(ending.endpoint.number, now: 0)
            flying += scheduler.takeAll()
        }
        #expect(done.count == 10)
        #expect(done.values.allSatisfy { $0 == 120 })
        #expect(scheduler.queued == 0)
    }
}
