import Glibc

/// How arrivals are spread over time.
package enum ArrivalPattern: String, Sendable, CaseIterable, Codable {
    /// Even gaps.
    case constant
    /// Exponential gaps from a seed: what many independent producers look like together.
    case poisson
}

/// When each event is meant to be sent, in nanoseconds from the start of the load.
///
/// The times depend on the index and the seed only, never on how the run goes: a slow server does not slow the
/// schedule, so no omission is coordinated with it.
package struct ArrivalSchedule: Sendable {
    private let pattern: ArrivalPattern
    private let rate: Double
    private var random: SplitMix
    private var index = 0
    private var elapsed = 0.0
    /// The intended time of the next arrival.
    package private(set) var next: Int64

    /// - Parameter rate: arrivals a second, above 0.
    package init(pattern: ArrivalPattern, rate: Double, seed: UInt64) {
        precondition(rate > 0, "a schedule without a rate")
        self.pattern = pattern
        self.rate = rate
        random = SplitMix(seed: seed)
        next = 0
        if pattern == .poisson { next = gap() }
    }

    /// Goes on to the arrival after `next`.
    package mutating func advance() {
        switch pattern {
        case .constant:
            index += 1
            next = Int64((Double(index) * 1e9 / rate).rounded())
        case .poisson:
            next = gap()
        }
    }

    // Sums stay in Double: 2^53 ns is 104 days.
    private mutating func gap() -> Int64 {
        elapsed += -log(random.unit()) * 1e9 / rate
        return Int64(elapsed.rounded())
    }
}
