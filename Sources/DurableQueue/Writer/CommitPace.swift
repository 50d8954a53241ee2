/// Whether the next commit waits for company, and how long. Pure.
///
/// A commit costs two flushes and the inner pages of every table whatever it holds. While the senders have more in hand than they send
/// in the time of the wait, a commit that hurries serves nobody but the disk; at full speed that was half of the writer's CPU
/// (DurableQueue.md, "What an event costs").
package struct CommitPace {
    /// When the last round began, and the one before it: monotonic nanoseconds.
    private var began: Int64 = 0
    private var before: Int64 = 0
    /// Events and outcomes that came between the two.
    private var operations = 0

    /// From the beginning of one gathered commit to the next, nanoseconds: 400 events at 20,000 a second. Longer gains little more.
    package static let period: Int64 = 20_000_000
    /// Deliveries that senders hold: some 50 ms of their work at least, so that none runs dry in a period and a commit's time.
    package static let leastHeld = 1_024
    /// Events and outcomes a millisecond: 8,000 events a second with their outcomes. Below it commits are cheap in sum, and an ack is
    /// worth more.
    package static let leastRate = 16

    package init() {}

    /// A round begins with so many events and outcomes.
    package mutating func begin(at now: Int64, operations: Int) {
        before = began
        began = now
        self.operations = operations
    }

    /// How long to wait before the next round.
    ///
    /// - Parameter held: deliveries that senders hold.
    package func pauseNanoseconds(held: Int, now: Int64) -> Int64 {
        let milliseconds = max((began - before) / 1_000_000, 1)
        guard held >= CommitPace.leastHeld, operations >= CommitPace.leastRate * Int(milliseconds) else { return 0 }
        return max(began + CommitPace.period - now, 0)
    }
}
