import WebhookModel

/// Keeps attempts away from an endpoint that fails. Closed while the endpoint works, open while it does not, then one
/// attempt as a probe.
///
/// It opens when at least ten attempts ended in the last 30 s and 70 % of them failed, or after ten failures in a row. It
/// stays open for 30 s, and twice as long after each probe that fails: ten minutes at most, ± 10 %. The numbers are in
/// `Limits`. Pure: time (monotonic nanoseconds) and random numbers are arguments.
public struct Breaker: Sendable {
    package enum State: Sendable, Equatable {
        case closed
        case open(until: Int64)
        /// The next end decides.
        case probing
    }

    /// What the end of an attempt did to the breaker.
    public enum Change: Sendable, Equatable {
        case none
        /// Nothing may start before this time.
        case opened(until: Int64)
        case closed
    }

    package private(set) var state = State.closed
    private var recent = RecentAttempts()
    private var failuresInARow = 0
    private var nextOpen: Int64
    private let firstOpen: Int64

    public static let firstOpen = Limits.breakerOpenMilliseconds * 1_000_000
    package static let longestOpen = Limits.breakerOpenMillisecondsMost * 1_000_000

    /// - Parameter firstOpen: nanoseconds that it stays open at first.
    package init(firstOpen: Int64 = Breaker.firstOpen) {
        self.firstOpen = firstOpen
        nextOpen = firstOpen
    }

    /// Whether an attempt may start. Once the open time is over, exactly one may: this returns true for it.
    ///
    /// - Parameter inFlight: attempts of the endpoint under way.
    package mutating func admits(inFlight: Int, now: Int64) -> Bool {
        switch state {
        case .closed: return true
        case .open(let until):
            guard now >= until, inFlight == 0 else { return false }
            state = .probing
            return true
        case .probing: return inFlight == 0
        }
    }

    /// Counts the end of an attempt. While the breaker is open, the ends of earlier attempts change nothing.
    package mutating func ended(
        isSuccess: Bool, now: Int64, random: inout some RandomNumberGenerator
    ) -> Change {
        switch state {
        case .open: return .none
        case .probing:
            guard isSuccess else { return open(now, &random) }
            self = Breaker(firstOpen: firstOpen)
            return .closed
        case .closed:
            recent.add(isSuccess: isSuccess, now: now)
            failuresInARow = isSuccess ? 0 : failuresInARow + 1
            guard failuresInARow >= Limits.breakerFailuresInARow || recent.isBad(now: now) else { return .none }
            return isSuccess ? .none : open(now, &random)
        }
    }

    private mutating func open(_ now: Int64, _ random: inout some RandomNumberGenerator) -> Change {
        let spread = nextOpen / 100 * Limits.breakerJitterPercent
        let until = now + nextOpen + Int64.random(in: -spread...spread, using: &random)
        nextOpen = min(nextOpen * 2, max(firstOpen, Breaker.longestOpen))
        recent = RecentAttempts()
        failuresInARow = 0
        state = .open(until: until)
        return .opened(until: until)
    }
}

/// Attempts and failures of the breaker's window, in six parts: the oldest leaves as a whole.
private struct RecentAttempts: Sendable {
    private struct Slot: Sendable {
        var number: Int64 = -1
        var attempts: UInt16 = 0
        var failures: UInt16 = 0
    }

    private var slots = InlineArray<6, Slot>(repeating: Slot())
    private static let slotNanoseconds = Limits.breakerWindowMilliseconds * 1_000_000 / 6

    mutating func add(isSuccess: Bool, now: Int64) {
        let number = now / RecentAttempts.slotNanoseconds
        let index = Int(number % Int64(slots.count))
        if slots[index].number != number { slots[index] = Slot(number: number) }
        // The counts stop at their maximum; long before it the share of failures is known.
        guard slots[index].attempts < .max else { return }
        slots[index].attempts += 1
        if !isSuccess { slots[index].failures += 1 }
    }

    func isBad(now: Int64) -> Bool {
        let oldest = now / RecentAttempts.slotNanoseconds - Int64(slots.count)
        var attempts = 0
        var failures = 0
        for index in slots.indices where slots[index].number > oldest {
            attempts += Int(slots[index].attempts)
            failures += Int(slots[index].failures)
        }
        return attempts >= Limits.breakerAttemptsLeast && failures * 100 >= attempts * Limits.breakerFailedPercent
    }
}
