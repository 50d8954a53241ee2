import Scheduling
import TestSupport
import Testing
import WebhookModel

@Suite struct RetryScheduleTests {
    private let exact = RetryPolicy(delays: RetryPolicy.standard.delays, jitterPercent: 0)

    private func next(
        _ outcome: Outcome = .refusedStatus, attempt: Int, policy: RetryPolicy? = nil, retryAfter: Int64 = 0
    ) -> RetrySchedule.Next {
        var random = SeededRandom(seed: 1)
        return RetrySchedule.next(
            outcome: outcome, attempt: attempt, policy: policy ?? exact, retryAfter: retryAfter, now: 1_000,
            random: &random)
    }

    @Test(arguments: zip(1...8, [5, 30, 120, 600, 3_600, 10_800, 28_800, 43_200] as [Int64]))
    func theDefaultScheduleIsTheDocumentedTable(attempt: Int, seconds: Int64) {
        #expect(next(attempt: attempt) == .again(at: 1_000 + seconds * 1_000))
    }

    @Test func afterTheNinthAttemptADeliveryIsADeadLetter() {
        #expect(next(attempt: 9) == .deadLetter)
        #expect(next(.timedOut, attempt: 1, policy: RetryPolicy(delays: [])) == .deadLetter)
    }

    @Test func aSuccessEndsTheScheduleAtAnyAttempt() {
        #expect(next(.delivered, attempt: 1) == .delivered)
        #expect(next(.delivered, attempt: 9) == .delivered)
    }

    @Test func retryAfterIsObeyedUpToADay() {
        #expect(next(.throttled, attempt: 1, retryAfter: 60_000) == .again(at: 61_000))
        #expect(next(.throttled, attempt: 2, retryAfter: 1_000) == .again(at: 31_000))
        #expect(next(.throttled, attempt: 1, retryAfter: .max) == .again(at: 1_000 + 86_400_000))
        #expect(next(.throttled, attempt: 1, retryAfter: -5) == .again(at: 6_000))
    }

    @Test func jitterStaysInItsRangeOnBothSides() {
        var random = SeededRandom(seed: 3)
        let delays = (0..<2_000).map { _ in
            RetrySchedule.delay(afterAttempt: 2, policy: .standard, random: &random)
        }
        #expect(delays.allSatisfy { (27_000...33_000).contains($0) })
        #expect(delays.min()! < 27_300 && delays.max()! > 32_700)
    }

    @Test func aRetryIsAlwaysLaterThanNow() {
        #expect(next(attempt: 1, policy: RetryPolicy(delays: [0])) == .again(at: 1_001))
    }
}
