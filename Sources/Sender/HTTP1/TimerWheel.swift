import WebhookModel

/// The time limits of attempts: a hashed timing wheel (Varghese and Lauck, 1987). Every attempt has a limit and nearly
/// none reaches it, so arming and disarming are O(1).
///
/// Times are monotonic nanoseconds. A timer fires up to one tick late. It fires early only when it was armed for more
/// than the wheel's span ahead: the owner compares its deadline and arms it again. One timer per slot.
package struct TimerWheel {
    /// 16 ms: a limit is a second or more.
    package static let tick: Int64 = 16_000_000
    /// One revolution takes 131 s, longer than any attempt, so that timers rarely fire early.
    package static let buckets = 8_192

    private var lists = SlotLists(lists: TimerWheel.buckets)
    /// Which buckets hold anything, a bit each.
    private var occupied = [UInt64](repeating: 0, count: TimerWheel.buckets / 64)
    private var count = 0
    /// The tick up to which all have fired.
    private var reached: Int64

    package init(now: Int64) { reached = now / TimerWheel.tick }

    /// Sets the slot's timer, which must not be armed already. A time in the past fires at the next tick; a time beyond
    /// the wheel's span fires at its end. (The process may have been suspended since the wheel last turned, so no time
    /// is a programming error.)
    package mutating func arm(_ slot: Int, at time: Int64) {
        let wanted = (time + TimerWheel.tick - 1) / TimerWheel.tick
        let due = min(max(wanted, reached + 1), reached + Int64(TimerWheel.buckets) - 1)
        let bucket = TimerWheel.bucket(due)
        lists.append(slot, to: bucket)
        occupied[bucket / 64] |= 1 << UInt64(bucket % 64)
        count += 1
    }

    /// Removes the slot's timer, if it has one.
    package mutating func disarm(_ slot: Int) {
        guard let bucket = lists.remove(slot) else { return }
        count -= 1
        if lists.isEmpty(bucket) { occupied[bucket / 64] &= ~(1 << UInt64(bucket % 64)) }
    }

    /// Removes and returns the next timer that is due. Call until nil.
    package mutating func fire(now: Int64) -> Int? {
        let target = now / TimerWheel.tick
        guard count > 0 else {
            reached = max(reached, target)
            return nil
        }
        // After a jump of more than one revolution every timer is due: one revolution finds them all.
        reached = max(reached, target - Int64(TimerWheel.buckets))
        while reached < target {
            guard let slot = lists.first(of: TimerWheel.bucket(reached + 1)) else {
                reached += 1
                continue
            }
            disarm(slot)
            return slot
        }
        return nil
    }

    /// When the earliest timer fires; nil: none is armed.
    package var next: Int64? {
        guard count > 0 else { return nil }
        let start = TimerWheel.bucket(reached + 1)
        for step in 0...occupied.count {
            let word = (start / 64 + step) % occupied.count
            var bits = occupied[word]
            // Of the first word only what lies ahead; the rest of it comes round last.
            if step == 0 { bits &= .max << UInt64(start % 64) }
            guard bits != 0 else { continue }
            let ahead = (word * 64 + bits.trailingZeroBitCount - start + TimerWheel.buckets) % TimerWheel.buckets
            return (reached + 1 + Int64(ahead)) * TimerWheel.tick
        }
        return nil
    }

    private static func bucket(_ tick: Int64) -> Int { Int(tick % Int64(buckets)) }
}
