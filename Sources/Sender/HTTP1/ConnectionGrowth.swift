import WebhookModel

/// How many connections of a site may be in use, beyond a few: more only where more of them carry more.
///
/// A distant receiver answers many connections in the time of one, so each adds to the rate. One whose processor is busy
/// answers each of many later instead: then more of them only cost, on both sides. Trying tells the two apart: the number
/// is doubled, or halved, and the median time of answers before and after is compared.
package struct ConnectionGrowth {
    private enum Phase {
        /// Takes the time of answers at the present limit.
        case measuring
        /// The limit was changed at this time, monotonic nanoseconds; `from`: as many as it allows are in use, nil: not yet.
        case trying(Direction, since: Int64, from: Int64?)
        /// More did not help.
        case resting(until: Int64)
    }

    private enum Direction { case up, down }

    /// Connections that may be in use or being opened.
    package private(set) var limit: Int
    private let least: Int
    private var phase = Phase.measuring
    /// Answer times of this phase, in nanoseconds.
    private var times: [Int64] = []
    /// The median answer time before the limit was changed, in nanoseconds.
    private var before: Int64 = 0
    /// What is tried after the next measurement: fewer may do, where the receiver has changed.
    private var next = Direction.up
    private var pause = ConnectionGrowth.firstPause

    private static let firstPause = Limits.growthPauseMilliseconds * 1_000_000
    private static let longestPause = Limits.growthPauseMostMilliseconds * 1_000_000
    private static let trial = Limits.growthTrialMilliseconds * 1_000_000

    /// - Parameter least: the number of connections that may always be open.
    package init(least: Int) {
        self.least = least
        limit = least
    }

    /// Takes an answer that came while exchanges waited for a connection.
    ///
    /// - Parameters:
    ///   - sentAt: when its request was sent, monotonic nanoseconds.
    ///   - now: monotonic nanoseconds.
    ///   - carrying: connections that are in use or being opened.
    package mutating func answered(sentAt: Int64, now: Int64, carrying: Int) {
        guard carrying >= limit else { return }
        switch phase {
        case .resting(let until):
            if now >= until { begin(.measuring) }
        case .measuring:
            guard let median = median(with: now - sentAt) else { return }
            before = median
            change(limit > least ? next : .up, now: now)
        case .trying(_, let since, _) where now - since > ConnectionGrowth.trial:
            // What was measured before is out of date.
            begin(.measuring)
        case .trying(let direction, let since, nil):
            guard direction == .up || carrying == limit else { return }
            phase = .trying(direction, since: since, from: now)
        case .trying(let direction, _, let from?):
            guard sentAt >= from, let median = median(with: now - sentAt) else { return }
            judge(direction, median, now: now)
        }
    }

    private mutating func judge(_ direction: Direction, _ median: Int64, now: Int64) {
        let (least, most) = (min(median, before), max(median, before))
        let isProportional = most * 100 >= least * Limits.growthSlowerPercent
        switch direction {
        case .up where isProportional && median > before:
            limit = max(limit / 2, self.least)
            next = .down
            begin(.resting(until: now + pause))
            pause = min(pause * 2, ConnectionGrowth.longestPause)
        case .up:
            pause = ConnectionGrowth.firstPause
            before = median
            change(.up, now: now)
        case .down where isProportional && median < before:
            before = median
            change(limit > self.least ? .down : .up, now: now)
        case .down:
            limit *= 2
            change(.up, now: now)
        }
    }

    /// A connection was opened because an exchange had waited for too long.
    ///
    /// - Parameter carrying: connections that are in use or being opened, with the new one.
    package mutating func exceed(to carrying: Int) {
        guard carrying > limit else { return }
        limit = carrying
        begin(.measuring)
    }

    /// Connections were closed: what was found out with more of them holds no longer.
    ///
    /// - Parameter open: connections that are left.
    package mutating func shrink(to open: Int) {
        guard limit > least, open < limit / 2 else { return }
        limit = max(least, limit / 2)
        begin(.measuring)
    }

    private mutating func change(_ direction: Direction, now: Int64) {
        limit = direction == .up ? limit * 2 : max(limit / 2, least)
        next = .up
        begin(.trying(direction, since: now, from: nil))
    }

    private mutating func begin(_ phase: Phase) {
        self.phase = phase
        times = []
    }

    /// The median of the times as soon as there are enough.
    private mutating func median(with time: Int64) -> Int64? {
        times.append(time)
        guard times.count == Limits.growthSamples else { return nil }
        times.sort()
        return times[times.count / 2]
    }
}
