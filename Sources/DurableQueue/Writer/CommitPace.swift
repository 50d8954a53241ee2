import WebhookModel

/// Whether the next commit is delayed so that more goes into it, and how long. Pure.
///
/// A commit costs two flushes and the inner pages of every table, however little it holds. While the senders hold more deliveries than
/// they send during the delay, an earlier commit makes nothing faster; at full speed early commits took half of the writer's CPU
/// (DurableQueue.md, "What an event costs").
package struct CommitPace {
    /// When the last turn began, and the one before it: monotonic nanoseconds.
    private var began: Int64 = 0
    private var before: Int64 = 0
    /// Events and attempt results that came between the two.
    private var operations = 0

    package init() {}

    /// A turn begins with this number of events and attempt results.
    package mutating func begin(at now: Int64, operations: Int) {
        before = began
        began = now
        self.operations = operations
    }

    /// How long to wait before the next turn.
    ///
    /// - Parameter held: deliveries that senders hold.
    package func pauseNanoseconds(held: Int, now: Int64) -> Int64 {
        let milliseconds = max((began - before) / 1_000_000, 1)
        guard held >= Limits.spacedCommitHeld, operations >= Limits.spacedCommitRate * Int(milliseconds) else {
            return 0
        }
        return max(began + Limits.spacedCommitNanoseconds - now, 0)
    }
}
