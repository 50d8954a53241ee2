import Sender
import TestSupport
import Testing
import WebhookModel

@Suite struct BriskAttemptsTests {
    @Test func anAttemptCountsUntilItEndsOrTheWindowIsOver() {
        var brisk = BriskAttempts()
        brisk.age(now: 1_000)
        brisk.begin(at: 1_000)
        brisk.begin(at: 1_000)
        brisk.end(startedAt: 1_000)
        #expect(brisk.count == 1)
        brisk.age(now: 1_000 + Limits.briskMilliseconds - 1)
        #expect(brisk.count == 1)
        brisk.age(now: 1_000 + Limits.briskMilliseconds)
        #expect(brisk.count == 0)
        // It ends late: it was given up already.
        brisk.end(startedAt: 1_000)
        #expect(brisk.count == 0)
    }

    @Test func isFullAtItsLimitAndEmptyAfterALeap() {
        var brisk = BriskAttempts()
        for step in 0..<Limits.briskAttempts {
            let now = 5_000 + Int64(step / 8)
            brisk.age(now: now)
            brisk.begin(at: now)
        }
        #expect(brisk.isFull)
        brisk.age(now: 90_000_000)
        #expect(brisk.count == 0)
    }

    @Test func aClockThatStepsBackADayLeavesNothingStuck() {
        var brisk = BriskAttempts()
        brisk.age(now: 200_000_000)
        for _ in 0..<Limits.briskAttempts { brisk.begin(at: 200_000_000) }
        brisk.age(now: 100_000_000)
        #expect(!brisk.isFull)
        brisk.begin(at: 100_000_000)
        brisk.age(now: 100_000_000 + Limits.briskMilliseconds)
        #expect(brisk.count == 0)
    }

    @Test(arguments: 1...20) func agreesWithAModelThroughAnyHistory(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var brisk = BriskAttempts()
        var model: [Int64] = []
        var now: Int64 = 100_000
        for _ in 0..<5_000 {
            now += Int64.random(in: -3...6, using: &random)
            brisk.age(now: now)
            if Bool.random(using: &random) {
                brisk.begin(at: now)
                model.append(now)
            } else if let index = model.indices.randomElement(using: &random) {
                brisk.end(startedAt: model.remove(at: index))
            }
            #expect(brisk.count >= 0 && brisk.count <= model.count)
        }
        now += 1_000
        brisk.age(now: now)
        #expect(brisk.count == 0)
    }
}
