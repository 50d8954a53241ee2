import Histogram

/// Latencies of one stage in nanoseconds, to three significant digits. Merged, never averaged.
package struct StageLatencies: Sendable {
    private var counts = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: 1 << 36, numberOfSignificantValueDigits: .three)

    package init() { counts.autoResize = true }

    /// Adds one latency. Below zero counts as zero: two readings of one clock may be closer than its resolution.
    package mutating func record(_ nanoseconds: Int64, count: Int = 1) {
        counts.record(UInt64(clamping: nanoseconds), count: UInt64(clamping: count))
    }

    /// Adds another's counts, bucket by bucket.
    package mutating func merge(_ other: StageLatencies) { counts.add(other.counts) }

    package var count: Int { Int(clamping: counts.totalCount) }

    /// The latency in nanoseconds that this share (0…100) of the events did not exceed.
    package func percentile(_ percent: Double) -> UInt64 {
        counts.totalCount == 0 ? 0 : min(counts.valueAtPercentile(percent), counts.maxRecorded)
    }

    /// The report's percentiles.
    package var quantiles: Quantiles {
        Quantiles(
            count: count, p50: milliseconds(percentile(50)), p95: milliseconds(percentile(95)),
            p99: milliseconds(percentile(99)), p999: milliseconds(percentile(99.9)),
            max: milliseconds(counts.totalCount == 0 ? 0 : counts.maxRecorded))
    }

    private func milliseconds(_ nanoseconds: UInt64) -> Double {
        (Double(nanoseconds) / 1_000).rounded() / 1_000
    }
}

/// A stage's latencies in milliseconds, as reports show them.
package struct Quantiles: Codable, Sendable, Equatable {
    package var count: Int
    package var p50: Double
    package var p95: Double
    package var p99: Double
    package var p999: Double
    package var max: Double
}
