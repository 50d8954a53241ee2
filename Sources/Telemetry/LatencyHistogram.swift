import Synchronization

/// Latencies in microseconds, in log-linear buckets: sixteen to the octave, so a percentile is at most 6.25 % too high.
///
/// Any thread records, any thread reads; nobody waits. 4.6 KB, whatever is recorded. Values over `most` count as `most`.
public final class LatencyHistogram: Sendable {
    private typealias Buckets = InlineArray<576, Atomic<UInt64>>

    private let buckets = Buckets { _ in Atomic(0) }
    private let sum = Atomic<UInt64>(0)

    /// 2³⁹ − 1 µs: six days.
    static let most: UInt64 = 1 << 39 - 1

    public init() {}

    /// Counts one latency; below zero (a clock that stepped) counts as zero.
    public func record(_ microseconds: Int64) {
        let value = min(UInt64(max(microseconds, 0)), LatencyHistogram.most)
        buckets[LatencyHistogram.bucket(of: value)].add(1, ordering: .relaxed)
        sum.add(value, ordering: .relaxed)
    }

    /// A copy. Values recorded meanwhile may be in it or not.
    public func snapshot() -> LatencySnapshot {
        LatencySnapshot(
            counts: buckets.indices.map { buckets[$0].load(ordering: .relaxed) }, sum: sum.load(ordering: .relaxed))
    }

    // Below 32 each value has its own bucket; above, the top five bits choose.
    static func bucket(of value: UInt64) -> Int {
        guard value >= 32 else { return Int(value) }
        let shift = 59 - value.leadingZeroBitCount
        return shift * 16 + Int(value >> UInt64(shift))
    }

    /// The highest value that falls into the bucket.
    static func ceiling(ofBucket index: Int) -> UInt64 {
        guard index >= 32 else { return UInt64(index) }
        let shift = UInt64(index / 16 - 1)
        return (UInt64(index % 16 + 17) << shift) - 1
    }
}

/// A histogram at one moment; snapshots of several threads or processes add up exactly.
public struct LatencySnapshot: Sendable, Equatable {
    private(set) var counts: [UInt64]
    /// Of all values, microseconds.
    public private(set) var sum: UInt64

    init(counts: [UInt64], sum: UInt64) {
        self.counts = counts
        self.sum = sum
    }

    public var count: UInt64 { counts.reduce(0, +) }

    /// The value that `percent` of all values do not exceed, microseconds; 0 where nothing was recorded.
    public func percentile(_ percent: Double) -> UInt64 {
        let wanted = max(1, UInt64((Double(count) * percent / 100).rounded(.up)))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen >= wanted { return LatencyHistogram.ceiling(ofBucket: index) }
        }
        return 0
    }

    /// How many values are at most 2ᵉˣᵖᵒⁿᵉⁿᵗ − 1 microseconds: bucket edges lie there, so the count is exact.
    func count(below exponent: Int) -> UInt64 {
        counts[...LatencyHistogram.bucket(of: 1 << UInt64(exponent) - 1)].reduce(0, +)
    }

    public mutating func add(_ other: LatencySnapshot) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum += other.sum
    }
}
