/// When a run says nothing about the server, because the generator or the clock was in the way.
package enum Validity {
    /// The generator's own lag (intended → handed to the socket, waits for the server's window apart), 99th
    /// percentile, ms.
    package static let lagP99Limit = 10.0
    /// Share of the offered rate that the generator must have reached, where the server's window held nothing back.
    package static let achievedShare = 0.99
    /// The wall clock may step this much during a run, nanoseconds.
    package static let clockStepLimit: Int64 = 1_000_000

    /// - Parameters:
    ///   - lag: of an open loop; nil for a closed one, which has no intended times.
    ///   - achieved: the rate reached over the rate offered; nil where the server's window held events back.
    ///   - clockStep: how far the wall clock moved against the monotonic one, nanoseconds.
    /// - Returns: why the run is invalid, in words; empty when it is valid.
    package static func reasons(lag: Quantiles?, achieved: Double?, clockStep: Int64) -> [String] {
        var reasons: [String] = []
        if let lag, lag.p99 > lagP99Limit {
            let lagText = Figures.milliseconds(lag.p99)
            reasons.append(
                "the generator lagged: p99 \(lagText) ms behind its own schedule, over \(Figures.milliseconds(lagP99Limit)) ms; "
                    + "lower --rate or give it a core of its own")
        }
        if let achieved, achieved < achievedShare {
            let share = "\(Figures.fixed(achieved * 100, 1)) % of the offered rate, under \(Int(achievedShare * 100)) %"
            reasons.append("the generator reached \(share): lower --rate or give it a core of its own")
        }
        if abs(clockStep) > clockStepLimit {
            let step = Figures.milliseconds(Double(clockStep) / 1e6)
            reasons.append("the wall clock stepped by \(step) ms during the run: run it again")
        }
        return reasons
    }
}
