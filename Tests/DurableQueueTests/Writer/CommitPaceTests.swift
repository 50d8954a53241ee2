import DurableQueue
import Testing
import WebhookModel

@Suite struct CommitPaceTests {
    private let millisecond: Int64 = 1_000_000

    /// A round of `operations` that began `gap` milliseconds after the one before; asked `later` milliseconds after its beginning.
    private func pause(operations: Int, gap: Int64, held: Int, later: Int64 = 3) -> Int64 {
        var pace = CommitPace()
        pace.begin(at: 50 * millisecond, operations: 1)
        pace.begin(at: (50 + gap) * millisecond, operations: operations)
        return pace.pauseNanoseconds(held: held, now: (50 + gap + later) * millisecond)
    }

    @Test func atFullSpeedCommitsAreSpacedOut() {
        #expect(pause(operations: 160, gap: 4, held: 5_000) == Limits.spacedCommitNanoseconds - 3 * millisecond)
    }

    @Test func afterALongCommitTheNextBeginsAtOnce() {
        #expect(pause(operations: 1_600, gap: 20, held: 5_000, later: 25) == 0)
    }

    @Test func commitsAreNotDelayedWhileSendersHoldLittle() {
        #expect(pause(operations: 160, gap: 4, held: Limits.spacedCommitHeld - 1) == 0)
        #expect(pause(operations: 160, gap: 4, held: Limits.spacedCommitHeld) > 0)
    }

    @Test func deliveriesHeldForSlowReceiversDoNotDelayAcks() {
        // 1,000 events a second with their outcomes, and thousands held by endpoints that never answer.
        #expect(pause(operations: 8, gap: 4, held: 8_000) == 0)
        #expect(pause(operations: 40, gap: 20, held: 8_000) == 0)
    }

    @Test func theFirstCommitAfterAPauseIsNotDelayed() {
        #expect(pause(operations: 500, gap: 1_000, held: 5_000) == 0)
    }

    @Test func commitsAreNoLongerDelayedWhenTheRateFalls() {
        var pace = CommitPace()
        pace.begin(at: 0, operations: 0)
        pace.begin(at: 4 * millisecond, operations: 200)
        #expect(pace.pauseNanoseconds(held: 5_000, now: 5 * millisecond) > 0)
        pace.begin(at: 24 * millisecond, operations: 300)
        #expect(pace.pauseNanoseconds(held: 5_000, now: 25 * millisecond) == 0)
    }
}
