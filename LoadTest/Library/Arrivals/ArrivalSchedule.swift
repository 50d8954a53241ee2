import Glibc

/// How arrivals are spread over time.
package enum ArrivalPattern: String, Sendable, CaseIterable, Codable {
    /// Even gaps.
    case constant
    /// Exponential gaps from a seed: the combined pattern of many independent producers.
    case poisson
}

/// When each event is due to be sent, in nanoseconds from the start of the load.
///
/// The times depend only on the index and the seed, never on the course of the run. A slow server does not slow the
/// schedule down, so there is no coordinated omission.
package struct ArrivalSchedule: Sendable {
    private let pattern: ArrivalPattern
    private let rate: Double
    private var random: SplitMix
    private var index = 0
    private var elapsed = 0.0
    /// The intended time of the next arrival.
    package private(set) var next: Int64

    /// - Parameter rate: arrivals per second, above 0.
    package init(pattern: ArrivalPattern, rate: Double, seed: UInt64) {
        precondition(rate > 0, "a schedule without a rate")
        self.pattern = pattern
        self.rate = rate
        random = SplitMix(seed: seed)
        next = 0
        if pattern == .poisson { next = gap() }
    }

    /// Moves to the arrival after `next`.
    package mutating func advance() {
        switch pattern {
        case .constant:
            index += 1
            next = Int64((Double(index) * 1e9 / rate).rounded())
        case .poisson:
            next = gap()
        }
    }

    // Sums are exact in Double: 2^53 ns is 104 days.
    private mutating func gap() -> Int64 {
        elapsed += -log(random.unit()) * 1e9 / rate
        return Int64(elapsed.rounded())
    }
}
