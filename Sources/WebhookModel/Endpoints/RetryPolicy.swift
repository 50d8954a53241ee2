/// When a failed delivery is tried again. `RetrySchedule` in Scheduling decides; this is its data.
public struct RetryPolicy: Sendable, Equatable {
    /// Milliseconds after the first, second, … failed attempt. There is one attempt more than there are delays.
    public var delays: [Int64]
    /// Each delay varies evenly by ± this share, in percent.
    public var jitterPercent: Int

    public init(delays: [Int64], jitterPercent: Int = 10) {
        self.delays = delays
        self.jitterPercent = jitterPercent
    }

    /// 5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 8 h, 12 h, ± 10 %: nine attempts over a day, so a receiver that is down for a day
    /// loses nothing.
    public static let standard = RetryPolicy(
        delays: [5, 30, 120, 600, 3_600, 10_800, 28_800, 43_200].map { $0 * 1_000 })

    public var attempts: Int { min(delays.count + 1, Limits.attempts) }
}
