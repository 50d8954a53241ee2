import LoadTest
import Testing

@Suite("Stage latencies")
struct StageLatenciesTests {
    @Test("percentiles to three digits, and the exact maximum")
    func percentiles() {
        var latency = StageLatencies()
        for microseconds in 1...10_000 { latency.record(Int64(microseconds) * 1_000) }
        let quantiles = latency.quantiles
        #expect(abs(quantiles.p50 - 5) < 0.01)
        #expect(abs(quantiles.p95 - 9.5) < 0.02)
        #expect(abs(quantiles.p999 - 9.99) < 0.02)
        #expect(quantiles.max == 10)
        #expect(quantiles.count == 10_000)
    }

    @Test("merged is the same as recorded together; an average of percentiles would not be")
    func merged() {
        var fast = StageLatencies()
        var slow = StageLatencies()
        var both = StageLatencies()
        for number in Int64(1)...1_000 {
            fast.record(number * 100)
            both.record(number * 100)
        }
        for number in Int64(1)...10 {
            slow.record(number * 90_000_000_000)
            both.record(number * 90_000_000_000)
        }
        fast.merge(slow)
        #expect(fast.quantiles == both.quantiles)
    }

    @Test("nothing recorded is zero, and a time before zero is zero")
    func edges() {
        var latency = StageLatencies()
        #expect(latency.quantiles.max == 0)
        latency.record(-5)
        #expect(latency.quantiles.p50 == 0)
        #expect(latency.count == 1)
    }
}
