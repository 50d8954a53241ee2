/// Times from the occurrence of events to reading their first request. Microseconds; each is accurate to an eighth.
public struct LatencyReport: Sendable, Equatable {
    public let count: Int
    /// Events with a time in the future: the clocks of sender and receiver differ.
    public let negative: Int
    public let p50: Int
    public let p95: Int
    public let p99: Int
    public let most: Int
}

/// Counts times in buckets of eight to the power of two: 512 counters, 2 KiB.
struct LatencyTally {
    private var buckets = [UInt32](repeating: 0, count: 512)
    private var count = 0
    private var negative = 0
    private var most = 0

    /// - Parameter microseconds: a value below zero is counted separately.
    mutating func add(_ microseconds: Int) {
        guard microseconds >= 0 else {
            negative += 1
            return
        }
        buckets[LatencyTally.bucket(microseconds)] += 1
        count += 1
        most = max(most, microseconds)
    }

    var report: LatencyReport {
        LatencyReport(
            count: count, negative: negative, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), most: most)
    }

    /// The upper end of the bucket that contains the quantile.
    private func quantile(_ share: Double) -> Int {
        var left = Int((Double(count) * share).rounded(.up))
        for (index, counted) in buckets.enumerated() {
            left -= Int(counted)
            if left <= 0 { return min(most, LatencyTally.upperEnd(index)) }
        }
        return most
    }

    private static func bucket(_ value: Int) -> Int {
        guard value >= 8 else { return value }
        let power = value.bitWidth - 1 - value.leadingZeroBitCount
        return (power - 2) * 8 + (value >> (power - 3)) & 7
    }

    private static func upperEnd(_ bucket: Int) -> Int {
        guard bucket >= 8 else { return bucket }
        let power = bucket / 8 + 2
        return (1 << power) + (bucket % 8 + 1) << (power - 3) - 1
    }
}
