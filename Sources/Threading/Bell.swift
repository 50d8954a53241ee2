internal import CLinux
import Glibc
import Synchronization

/// Wakes one sleeping thread: an eventfd(2) that is written only while its owner sleeps.
///
/// One owner waits, either here or with `descriptor` in its own epoll set; any thread may ring. A ring that comes before the
/// wait is kept. Ringing an awake owner costs one atomic exchange.
public final class Bell: Sendable {
    /// Readable while a ring waits to be answered. For an owner that sleeps in epoll.
    public let descriptor: CInt

    private enum State { static let awake = 0, asleep = 1, rung = 2 }
    private let state = Atomic<Int>(State.awake)

    public init() {
        descriptor = clinux_eventfd()
        precondition(descriptor >= 0, "eventfd: errno \(errno)")
    }

    /// Nil where the machine has no descriptor to give; errno(3) says why.
    public init?(ifPossible: Void) {
        descriptor = clinux_eventfd()
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Wakes the owner, or makes its next wait return at once.
    public func ring() {
        guard state.exchange(State.rung, ordering: .acquiringAndReleasing) == State.asleep else { return }
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// The owner is about to sleep. False: it was rung since it last woke, so it must look at its mailboxes instead.
    public func prepareToSleep() -> Bool {
        let (exchanged, _) = state.compareExchange(
            expected: State.awake, desired: State.asleep, ordering: .acquiringAndReleasing)
        if !exchanged { state.store(State.awake, ordering: .releasing) }
        return exchanged
    }

    /// The owner woke, whatever woke it. Call before the mailboxes are looked at.
    public func awoke() {
        if state.exchange(State.awake, ordering: .acquiringAndReleasing) == State.rung { drain() }
    }

    /// Sleeps until a ring, or for `nanoseconds` (nil: for ever).
    public func wait(nanoseconds: Int64? = nil) {
        guard nanoseconds ?? 1 > 0, prepareToSleep() else { return }
        clinux_wait_readable(descriptor, nanoseconds ?? -1)
        awoke()
    }

    private func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}
