import Telemetry
import Testing

@Suite struct LatencyHistogramTests {
    @Test(arguments: [0.0, 1, 50, 90, 95, 99, 99.9, 100])
    func `a percentile is never too low and at most a sixteenth too high`(percent: Double) {
        // Squares spread over five orders of magnitude.
        let values = (0..<2_000).map { UInt64($0 * $0) }
        let histogram = LatencyHistogram()
        for value in values.shuffled() { histogram.record(Int64(value)) }
        let exact = values[max(0, Int((Double(values.count) * percent / 100).rounded(.up)) - 1)]
        let seen = histogram.snapshot().percentile(percent)
        #expect(seen >= exact)
        #expect(Double(seen) <= Double(exact) * 1.0625)
    }

    @Test func `small values are exact`() {
        for value in 0..<32 {
            let histogram = LatencyHistogram()
            histogram.record(Int64(value))
            #expect(histogram.snapshot().percentile(50) == UInt64(value))
        }
    }

    @Test func `a clock that stepped back counts as zero and an age counts as the most`() {
        let histogram = LatencyHistogram()
        histogram.record(-5)
        histogram.record(Int64.max)
        let snapshot = histogram.snapshot()
        #expect(snapshot.count == 2)
        #expect(snapshot.percentile(50) == 0)
        #expect(snapshot.percentile(100) == 1 << 39 - 1)
    }

    @Test func `nothing recorded is zero`() {
        #expect(LatencyHistogram().snapshot().percentile(99) == 0)
    }

    @Test func `two snapshots add up`() {
        let first = LatencyHistogram()
        let second = LatencyHistogram()
        first.record(10)
        second.record(30)
        var sum = first.snapshot()
        sum.add(second.snapshot())
        #expect(sum.count == 2)
        #expect(sum.sum == 40)
        #expect(sum.percentile(50) == 10)
        #expect(sum.percentile(100) == 30)
    }
}
