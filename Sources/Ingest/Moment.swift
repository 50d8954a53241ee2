import Glibc

/// One reading of the clocks. The shell takes one per read, receipt or sweep; the session reads none.
package struct Moment: Sendable, Equatable {
    /// Nanoseconds that never step: deadlines.
    package var monotonic: Int64
    /// Nanoseconds since 1970, which may step: what peers are told.
    package var wall: Int64

    package init(monotonic: Int64, wall: Int64) {
        self.monotonic = monotonic
        self.wall = wall
    }

    static func now() -> Moment {
        Moment(monotonic: read(CLOCK_MONOTONIC), wall: read(CLOCK_REALTIME))
    }

    var wallMilliseconds: Int64 { wall / 1_000_000 }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension Int64 {
    /// Milliseconds as the nanoseconds that deadlines are kept in.
    static func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }
}
