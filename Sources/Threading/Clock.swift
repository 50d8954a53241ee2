internal import CLinux

/// One reading of the clocks. Loops take one a turn and pass it down: nobody below a loop reads a clock.
public struct Instant: Sendable, Equatable {
    /// Nanoseconds of CLOCK_BOOTTIME: never steps.
    public var monotonic: Int64
    /// Nanoseconds of CLOCK_REALTIME since 1970: what people read, and may step.
    public var wall: Int64

    public init(monotonic: Int64, wall: Int64) {
        self.monotonic = monotonic
        self.wall = wall
    }

    /// Reads both clocks.
    public static func now() -> Instant {
        Instant(monotonic: clinux_monotonic_ns(), wall: clinux_wall_ns())
    }

    public var wallMilliseconds: Int64 { wall / 1_000_000 }
}
