/// When a run is invalid, because the generator or the clock disturbed it.
package enum Validity {
    /// Limit of the generator's own lag (intended → handed to the socket, without waits for the server's window), 99th
    /// percentile, ms.
    package static let lagP99Limit = 10.0
    /// The least share of the offered rate that the generator must reach when the server's window held nothing back.
    package static let achievedShare = 0.99
    /// The most that the wall clock may step during a run, nanoseconds.
    package static let clockStepLimit: Int64 = 1_000_000

    /// - Parameters:
    ///   - lag: of an open loop; nil for a closed one, which has no intended times.
    ///   - achieved: the achieved rate divided by the offered rate; nil: the server's window held events back.
    ///   - clockStep: how far the wall clock moved relative to the monotonic clock, nanoseconds.
    /// - Returns: the reasons why the run is invalid; empty: it is valid.
    package static func reasons(lag: Quantiles?, achieved: Double?, clockStep: Int64) -> [String] {
        var reasons: [String] = []
        if let lag, lag.p99 > lagP99Limit {
            let lagText = Figures.milliseconds(lag.p99)
            reasons.append(
                "the generator lagged: p99 \(lagText) ms behind its own schedule, over \(Figures.milliseconds(lagP99Limit)) ms; "
                    + "lower --rate or give it a separate core")
        }
        if let achieved, achieved < achievedShare {
            let share = "\(Figures.fixed(achieved * 100, 1)) % of the offered rate, under \(Int(achievedShare * 100)) %"
            reasons.append("the generator reached \(share): lower --rate or give it a separate core")
        }
        if abs(clockStep) > clockStepLimit {
            let step = Figures.milliseconds(Double(clockStep) / 1e6)
            reasons.append("the wall clock stepped by \(step) ms during the run: run it again")
        }
        return reasons
    }
}
