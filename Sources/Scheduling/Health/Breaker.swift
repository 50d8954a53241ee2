import WebhookModel

/// Keeps attempts away from an endpoint that fails: closed while it works, open while it does not, then one probe.
///
/// Opens when at least `leastAttempts` ended in the last 30 s and 70 % of them failed, or after ten failures in a row. It stays open
/// for 30 s, twice as long after each probe that fails, ten minutes at most, ± 10 %. Pure: time (monotonic nanoseconds) and chance are
/// arguments.
public struct Breaker: Sendable {
    package enum State: Sendable, Equatable {
        case closed
        case open(until: Int64)
        /// The next end decides.
        case probing
    }

    /// What an attempt's end did.
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

    package static let leastAttempts = 10
    package static let failedPercent = 70
    package static let failuresToOpen = 10
    public static let firstOpen = Limits.breakerOpenMilliseconds * 1_000_000
    package static let longestOpen = Limits.breakerOpenMillisecondsMost * 1_000_000
    static let jitterPercent: Int64 = 10

    /// - Parameter firstOpen: nanoseconds that it stays open at first.
    package init(firstOpen: Int64 = Breaker.firstOpen) {
        self.firstOpen = firstOpen
        nextOpen = firstOpen
    }

    /// Whether an attempt may start. Once the open time is over exactly one may, and this says yes to it.
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

    /// Takes the end of an attempt. While the breaker is open, ends of attempts begun before change nothing.
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
            guard failuresInARow >= Breaker.failuresToOpen || recent.isBad(now: now) else { return .none }
            return isSuccess ? .none : open(now, &random)
        }
    }

    private mutating func open(_ now: Int64, _ random: inout some RandomNumberGenerator) -> Change {
        let spread = nextOpen / 100 * Breaker.jitterPercent
        let until = now + nextOpen + Int64.random(in: -spread...spread, using: &random)
        nextOpen = min(nextOpen * 2, max(firstOpen, Breaker.longestOpen))
        recent = RecentAttempts()
        failuresInARow = 0
        state = .open(until: until)
        return .opened(until: until)
    }
}

/// Attempts and failures of the last 30 s, in six slots of 5 s.
private struct RecentAttempts: Sendable {
    private struct Slot: Sendable {
        var number: Int64 = -1
        var attempts: UInt16 = 0
        var failures: UInt16 = 0
    }

    private var slots = InlineArray<6, Slot>(repeating: Slot())
    private static let slotNanoseconds: Int64 = 5_000_000_000

    mutating func add(isSuccess: Bool, now: Int64) {
        let number = now / RecentAttempts.slotNanoseconds
        let index = Int(number % Int64(slots.count))
        if slots[index].number != number { slots[index] = Slot(number: number) }
        // Saturates: the share stays about right, and a slot of so many is decided long since.
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
        return attempts >= Breaker.leastAttempts && failures * 100 >= attempts * Breaker.failedPercent
    }
}
