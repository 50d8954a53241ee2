package import Threading
import WebhookModel

/// The queue's time: the wall clock's at start, carried on by the monotonic clock. It never goes back.
///
/// A step of the wall clock is followed gradually: the queue's time runs at most a quarter faster or slower until it has caught up. So a
/// step repeats nothing and delays a retry by a quarter of its time at most, and `deliver_at` becomes right again without a restart. A step
/// ahead of more than an hour is followed at once: the clock was wrong before it (a machine without a battery-backed clock).
package struct QueueClock {
    /// Nanoseconds from the monotonic clock to the queue's time.
    private var offset: Int64
    private var last: Int64

    package init(_ start: Instant) {
        offset = start.wall - start.monotonic
        last = start.monotonic
    }

    /// Unix milliseconds. Give instants in the order in which they were read.
    package mutating func milliseconds(_ instant: Instant) -> Int64 {
        let passed = max(instant.monotonic - last, 0)
        last = max(instant.monotonic, last)
        let behind = instant.wall - (last + offset)
        if behind > Limits.clockJumpNanoseconds {
            offset += behind
        } else if behind > 0 {
            offset += min(behind, passed / Limits.clockSlewDivisor)
        } else {
            offset += max(behind, -passed / Limits.clockSlewDivisor)
        }
        return (last + offset) / 1_000_000
    }
}
