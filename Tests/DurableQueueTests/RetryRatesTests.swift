import DurableQueue
import Scheduling
import TestSupport
import Testing
import Threading
import WebhookModel

@Suite struct RetryRatesTests {
    private let tenant = TenantNumber(1)
    private let now: Int64 = 1_800_000_000_000

    @Test func aRetryOverTheRateIsDelayedAndNotDropped() {
        var rates = RetryRates(perSecond: 100)
        let delays = (0..<300).map { _ in rates.delay(of: tenant, now: now) }
        #expect(delays.prefix(100).allSatisfy { $0 == 0 })
        #expect(delays[100] == 10 && delays[199] == 1_000 && delays[299] == 2_000)
        // Retries of one delay are due at no more than the rate, over any second after the burst.
        for start in stride(from: Int64(1), to: 1_000, by: 37) {
            #expect(delays.count { (start..<start + 1_000).contains($0) } <= 100)
        }
    }

    @Test func eachTenantHasItsOwnRetryRate() {
        var rates = RetryRates(perSecond: 1_000)
        rates.put(tenant, perSecond: 1)
        #expect((0..<4).map { _ in rates.delay(of: tenant, now: now) } == [0, 1_000, 2_000, 3_000])
        #expect(rates.delay(of: TenantNumber(2), now: now) == 0)
        rates.put(tenant, perSecond: nil)
        let later = rates.delay(of: tenant, now: now + 3_000)
        #expect(later <= 1)
    }

    @Test func aFailedTransactionGivesItsTokensBack() {
        var rates = RetryRates(perSecond: 1)
        for _ in 0..<5 { _ = rates.delay(of: tenant, now: now) }
        rates.forget()
        let first = rates.delay(of: tenant, now: now)
        #expect(first == 0)
        rates.commit()
        let second = rates.delay(of: tenant, now: now)
        #expect(second == 1_000)
    }

    @Test func failuresOfATenantAreRetriedAtItsRate() async throws {
        let fixture = try QueueFixture()
        var settings = Tenant.Settings()
        settings.retriesPerSecond = 20
        try await fixture.provision(retry: RetryPolicy(delays: [1], jitterPercent: 0), of: settings)
        let start = Instant.now().monotonic
        _ = try fixture.publish((1...30).map { fixture.record($0) })
        var failed = 0
        while failed < 30 {
            let handed = try fixture.takeHanded(1)
            failed += handed.count
            fixture.report(handed, .timedOut, status: 0)
        }
        // Twenty at once, then one every 50 ms: the last ten take half a second.
        var again = 0
        while again < 30 {
            let handed = try fixture.takeHanded(1)
            #expect(handed.allSatisfy { $0.attempt == 2 })
            again += handed.count
            let elapsed = (Instant.now().monotonic - start) / 1_000_000
            #expect(again <= 21 + Int(elapsed) / 50, "\(again) after \(elapsed) ms")
            fixture.report(handed)
        }
        try fixture.waitForStatistics { $0.delivered == 30 && $0.pending == 0 }
        fixture.queue.stop()
    }

    @Test func aRateThatIsPutAfterAFailedTransactionStays() {
        var rates = RetryRates(perSecond: 1)
        _ = rates.delay(of: tenant, now: now)
        rates.forget()
        rates.put(tenant, perSecond: 1_000)
        let longest = (0..<4).map { _ in rates.delay(of: tenant, now: now) }.max()
        #expect(longest ?? .max <= 5)
    }
}
