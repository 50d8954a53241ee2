import Testing
import WebhookModel

@Suite struct TokenBucketTests {
    private static let second: Int64 = 1_000_000_000
    private static let start: Int64 = 50 * second

    @Test(
        arguments: [
            // asked at once, granted, milliseconds to wait
            (5, 5, 0), (6, 5, 100), (8, 5, 300), (10, 5, 500),
            // More than a burst can never pass at once: the wait is that of a burst.
            (1_000, 5, 500),
        ] as [(Int, Int, UInt32)])
    func aFullBucketGivesItsBurst(asked: Int, granted: Int, wait: UInt32) {
        var bucket = TokenBucket(Rate(perSecond: 10, burst: 5), now: Self.start)
        #expect(bucket.take(asked, now: Self.start) == .init(events: granted, retryAfter: wait))
    }

    @Test func theReturnedWaitIsExact() {
        for rate in [1, 3, 7, 999, 10_000] {
            var bucket = TokenBucket(Rate(perSecond: rate), now: Self.start)
            let grant = bucket.take(rate + max(1, rate / 2), now: Self.start)
            #expect(grant.events == rate)
            let left = max(1, rate / 2)
            let then = Self.start + Int64(grant.retryAfter) * 1_000_000
            var early = bucket
            #expect(early.take(left, now: then - 2_000_000).events < left, "rate \(rate): the wait is too long")
            #expect(bucket.take(left, now: then).events == left, "rate \(rate): the wait is too short")
        }
    }

    @Test func noMoreThanTheRateOverTime() {
        let rate = Rate(perSecond: 1_000, burst: 50)
        var bucket = TokenBucket(rate, now: Self.start)
        var granted = 0
        for step in 0..<10_000 { granted += bucket.take(7, now: Self.start + Int64(step) * 1_000_000).events }
        // Ten seconds' worth and the burst at the beginning; the last millisecond is not over.
        #expect((10_000...10_050).contains(granted), "\(granted)")
    }

    @Test func timeThatGoesBackwardsAddsNothing() {
        var bucket = TokenBucket(Rate(perSecond: 10, burst: 5), now: Self.start)
        #expect(bucket.take(5, now: Self.start).events == 5)
        #expect(bucket.take(1, now: Self.start - Self.second).events == 0)
        #expect(bucket.take(5, now: Self.start + Self.second / 2).events == 5)
    }

    @Test func aNewRateKeepsWhatIsLeft() {
        var bucket = TokenBucket(Rate(perSecond: 10), now: Self.start)
        _ = bucket.take(4, now: Self.start)
        bucket.adopt(Rate(perSecond: 100, burst: 3))
        #expect(bucket.take(10, now: Self.start) == .init(events: 3, retryAfter: 30))
    }

    @Test(arguments: [(1, 1), (3, 7), (999, 50), (1_000_000, 10_000_000)] as [(Int, Int)])
    func anyPeriodAdmitsExactlyTheBurstAndTheRate(perSecond: Int, burst: Int) {
        var bucket = TokenBucket(Rate(perSecond: perSecond, burst: burst), now: 0)
        var granted = 0
        // Odd steps, so that no step is a whole number of tokens.
        for step in 0..<20_000 {
            let now = Int64(step) * 1_234_567
            granted += bucket.take(.max, now: now).events
            let most = Int64(burst) + now * Int64(perSecond) / Self.second
            #expect(Int64(granted) <= most, "\(granted) after \(now) ns")
            guard Int64(granted) <= most else { return }
        }
        let end = Int64(19_999) * 1_234_567
        // What came into a full bucket is lost, and only that: these bursts hold more than a step's worth.
        #expect(Int64(granted) == Int64(burst) + end * Int64(perSecond) / Self.second)
    }

    @Test func aReturnedTokenIsAvailableAgainUpToTheBurst() {
        var bucket = TokenBucket(Rate(perSecond: 1, burst: 2), now: Self.start)
        #expect(bucket.take(2, now: Self.start).events == 2)
        bucket.giveBack(now: Self.start)
        #expect(bucket.available(now: Self.start) == 1)
        for _ in 0..<5 { bucket.giveBack(now: Self.start) }
        #expect(bucket.available(now: Self.start + 100 * Self.second) == 2)
    }

    @Test func borrowedTokensComeOneAfterAnotherAtTheRate() {
        var bucket = TokenBucket(Rate(perSecond: 10, burst: 2), now: Self.start)
        let waits = (0..<6).map { _ in bucket.borrow(now: Self.start, longest: Self.second) }
        #expect(waits == [0, 0, 100_000_000, 200_000_000, 300_000_000, 400_000_000])
        #expect(bucket.available(now: Self.start + Self.second / 10) == 0)
        // Four are owed; after half a second one has come beyond them.
        #expect(bucket.available(now: Self.start + Self.second / 2) == 1)
    }

    @Test func nothingIsBorrowedBeyondTheLongestWait() {
        var bucket = TokenBucket(Rate(perSecond: 10, burst: 1), now: Self.start)
        var last: Int64 = 0
        for _ in 0..<1_000 { last = bucket.borrow(now: Self.start, longest: Self.second) }
        #expect(last == Self.second)
        #expect(bucket.available(now: Self.start + Self.second) == 1)
    }

    @Test func theLargestDebtStaysInRange() {
        var bucket = TokenBucket(Rate(perSecond: Limits.retriesPerSecondMost, burst: 1), now: Self.start)
        let day = Limits.retryAfterMilliseconds * 1_000_000
        for _ in 0..<10 { _ = bucket.borrow(now: Self.start, longest: day) }
        #expect(bucket.wait(for: 1, now: Self.start) == 100_000)
        #expect(bucket.available(now: .max) == 1)
    }
}
