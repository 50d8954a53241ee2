import Scheduling
import TestSupport
import Testing
import WebhookModel

/// Shares of a sender by tenants' weights, whatever their numbers of endpoints and backlogs.
@Suite struct WeightTests {
    /// Tenant n has endpoint n, with so many waiting.
    private func enqueue(_ scheduler: inout DeliveryScheduler, tenant: UInt32, weight: Int, count: UInt64) {
        let endpoint = Sample.endpoint(tenant, tenant: tenant, window: 10_000, weight: weight)
        for position in 1...count {
            scheduler.enqueue(
                DueDelivery(event: Sample.event(position), endpoint: endpoint, attempt: 1, entry: .due(0)))
        }
    }

    /// The first of them, of a sender with room for many more: what is in flight limits nobody.
    private func take(_ count: Int, _ scheduler: inout DeliveryScheduler) -> [DueDelivery] {
        (0..<count).compactMap { _ in scheduler.next(now: 0) }
    }

    private func shares(_ deliveries: [DueDelivery]) -> [UInt32: Int] {
        deliveries.reduce(into: [:]) { $0[$1.endpoint.tenant.value, default: 0] += 1 }
    }

    @Test func sharesFollowTheWeights() {
        var scheduler = DeliveryScheduler(transfers: 100_000)
        for (tenant, weight) in [(1, 1), (2, 3), (3, 6)] as [(UInt32, Int)] {
            enqueue(&scheduler, tenant: tenant, weight: weight, count: 2_000)
        }
        let taken = take(1_000, &scheduler)
        #expect(shares(taken) == [1: 100, 2: 300, 3: 600])
    }

    @Test func noTenantWaitsLongerThanOneRoundOfTheOthers() {
        var scheduler = DeliveryScheduler(transfers: 100_000)
        for (tenant, weight) in [(1, 1), (2, 3), (3, 6)] as [(UInt32, Int)] {
            enqueue(&scheduler, tenant: tenant, weight: weight, count: 2_000)
        }
        let order = take(500, &scheduler).map(\.endpoint.tenant.value)
        let places = order.indices.filter { order[$0] == 1 }
        #expect(zip(places, places.dropFirst()).allSatisfy { $1 - $0 == 10 })
    }

    @Test func unusedSharesGoToTheOthersByTheirWeights() {
        var scheduler = DeliveryScheduler(transfers: 100_000)
        enqueue(&scheduler, tenant: 1, weight: 1, count: 1_000)
        enqueue(&scheduler, tenant: 2, weight: 3, count: 1_000)
        enqueue(&scheduler, tenant: 3, weight: 6, count: 10)
        let shares = shares(take(410, &scheduler))
        #expect(shares[3] == 10)
        #expect(abs(shares[1]! - 100) <= 3, "\(shares)")
    }

    @Test func aChangedWeightCountsFromTheNextDelivery() {
        var scheduler = DeliveryScheduler(transfers: 100_000)
        enqueue(&scheduler, tenant: 1, weight: 6, count: 500)
        enqueue(&scheduler, tenant: 2, weight: 1, count: 500)
        enqueue(&scheduler, tenant: 1, weight: 1, count: 500)
        let shares = shares(take(200, &scheduler))
        // The first turn was given under the old weight.
        #expect(abs(shares[1]! - 100) <= 6, "\(shares)")
    }
}
