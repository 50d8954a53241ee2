/// How many attempts are under way that began a moment ago.
///
/// The cost of a request grows with those in flight: each has a connection, its buffers and its place in the caches. When they were
/// transfers of libcurl's the dispatcher took 71.9 µs an event with at most 256, with 64 it took 58.1 (`load-test run --max`, medians of
/// three interleaved runs with `sender.transfers_per_thread` set so). But slow endpoints must not use up a small limit. So only attempts younger than `window` count against the brisk limit; an older
/// one is waiting for its endpoint and costs nothing.
package struct BriskAttempts {
    /// Milliseconds after which an attempt counts as slow.
    package static let window: Int64 = 25
    /// A clock may go back by so many milliseconds and still be the same clock.
    private static let tolerance: Int64 = 5
    /// Brisk attempts at most.
    package static let limit = 64

    // By the millisecond in which they began; a ring longer than the window.
    private var began = [Int](repeating: 0, count: 32)
    private var latest: Int64 = 0
    private(set) package var count = 0

    package init() {}

    package var isFull: Bool { count >= BriskAttempts.limit }

    /// Forgets those that became slow. `now`: Unix milliseconds; after a step of the clock, either way, all count as slow.
    package mutating func age(now: Int64) {
        if now - latest > BriskAttempts.window || now < latest - BriskAttempts.tolerance {
            for slot in began.indices { clear(Int64(slot)) }
            latest = now
        }
        while latest < now {
            latest += 1
            clear(latest - BriskAttempts.window)
        }
    }

    package mutating func begin(at time: Int64) {
        began[slot(time)] += 1
        count += 1
    }

    /// An attempt that began then is over.
    package mutating func end(startedAt time: Int64) {
        guard time > latest - BriskAttempts.window, began[slot(time)] > 0 else { return }
        began[slot(time)] -= 1
        count -= 1
    }

    private mutating func clear(_ time: Int64) {
        count -= began[slot(time)]
        began[slot(time)] = 0
    }

    private func slot(_ time: Int64) -> Int { Int(truncatingIfNeeded: time) & 31 }
}
