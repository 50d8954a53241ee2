/// A lane and the time until which it is held, ordered by time.
struct HeldLane: Comparable {
    /// Monotonic nanoseconds.
    let until: Int64
    let lane: Int

    static func < (left: HeldLane, right: HeldLane) -> Bool { (left.until, left.lane) < (right.until, right.lane) }
}
