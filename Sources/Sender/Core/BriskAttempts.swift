import WebhookModel

/// The number of attempts in flight that began a moment ago.
///
/// The cost of a request grows with the number in flight: each has a connection, its buffers and its place in the
/// caches. When attempts were libcurl transfers, an event took 71.9 µs with at most 256 in flight and 58.1 µs with 64
/// (`load-test run --max`, medians of three interleaved runs with `sender.transfers_per_thread` set accordingly). But
/// slow endpoints must not use up a small limit. So only attempts younger than `Limits.briskMilliseconds` count against
/// `Limits.briskAttempts`; an older one is waiting for its endpoint and costs nothing.
package struct BriskAttempts {
    private static let window = Limits.briskMilliseconds

    /// A power of two, longer than the window.
    private static let slots = 32

    /// The number by the millisecond in which they began: a ring.
    private var began = [Int](repeating: 0, count: BriskAttempts.slots)
    private var latest: Int64 = 0
    private(set) package var count = 0

    package init() {}

    package var isFull: Bool { count >= Limits.briskAttempts }

    /// Stops counting those that became slow. `now`: Unix milliseconds; after a step of the clock in either direction
    /// all count as slow.
    package mutating func age(now: Int64) {
        if now - latest > BriskAttempts.window || now < latest - Limits.clockToleranceMilliseconds {
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

    /// An attempt that began at this time has ended.
    package mutating func end(startedAt time: Int64) {
        guard time > latest - BriskAttempts.window, began[slot(time)] > 0 else { return }
        began[slot(time)] -= 1
        count -= 1
    }

    private mutating func clear(_ time: Int64) {
        count -= began[slot(time)]
        began[slot(time)] = 0
    }

    private func slot(_ time: Int64) -> Int { Int(truncatingIfNeeded: time) & (BriskAttempts.slots - 1) }
}
