import WebhookModel

/// The time by which the queue removes what is old and judges endpoints: the queue's time, except after a leap.
///
/// A leap is more than an hour that passed without a commit and without a look at the clock: the process did not run, or
/// the clock is wrong. Both look alike. So for an hour of running time everything stays as old as it was before the
/// leap; after that the clock is believed. A clock that is set right meanwhile, as NTP does within minutes of a start,
/// has removed nothing.
package struct TrustedTime {
    package enum Change: Equatable {
        case none
        /// The clock is so many milliseconds ahead of what is believed.
        case leapt(Int64)
        /// The hour is over.
        case believed
        /// The clock was set back to what was believed.
        case corrected
    }

    /// Unix milliseconds.
    package private(set) var value: Int64
    /// Milliseconds that the queue's time is ahead of what is believed.
    private var lead: Int64 = 0
    /// The queue's time when the clock is believed.
    private var believedAt: Int64 = 0
    /// The queue's time at the last look; 0: there was none, and no commit.
    private var last: Int64

    private static let trust = Limits.clockTrustMilliseconds

    /// - Parameter lastCommit: the time of the last commit, Unix milliseconds; 0: not known.
    package init(lastCommit: Int64) {
        last = lastCommit
        value = lastCommit
    }

    /// Looks at the clock.
    ///
    /// - Parameters:
    ///   - now: the queue's time, Unix milliseconds.
    ///   - wall: the wall clock's. It may be behind the queue's time, which never goes back.
    package mutating func follow(now: Int64, wall: Int64) -> Change {
        let step = last == 0 ? 0 : now - last
        last = now
        var change = Change.none
        if step > TrustedTime.trust {
            lead += step
            believedAt = now + TrustedTime.trust
            change = .leapt(lead)
        } else if lead > 0, now - wall > lead - TrustedTime.trust {
            lead = 0
            change = .corrected
        } else if lead > 0, now >= believedAt {
            lead = 0
            change = .believed
        }
        value = min(now - lead, wall)
        return change
    }
}
