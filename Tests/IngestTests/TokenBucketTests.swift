import Ingest
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
        var bucket = TokenBucket(APIKey.Rate(eventsPerSecond: 10, burst: 5), now: Self.start)
        #expect(bucket.take(asked, now: Self.start) == .init(events: granted, retryAfter: wait))
    }

    @Test func theWaitIsTrue() {
        for rate in [1, 3, 7, 999, 10_000] {
            var bucket = TokenBucket(APIKey.Rate(eventsPerSecond: rate), now: Self.start)
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
        let rate = APIKey.Rate(eventsPerSecond: 1_000, burst: 50)
        var bucket = TokenBucket(rate, now: Self.start)
        var granted = 0
        for step in 0..<10_000 { granted += bucket.take(7, now: Self.start + Int64(step) * 1_000_000).events }
        // Ten seconds' worth and the burst at the beginning; the last millisecond is not over.
        #expect((10_000...10_050).contains(granted), "\(granted)")
    }

    @Test func timeThatGoesBackwardsAddsNothing() {
        var bucket = TokenBucket(APIKey.Rate(eventsPerSecond: 10, burst: 5), now: Self.start)
        #expect(bucket.take(5, now: Self.start).events == 5)
        #expect(bucket.take(1, now: Self.start - Self.second).events == 0)
        #expect(bucket.take(5, now: Self.start + Self.second / 2).events == 5)
    }

    @Test func aNewRateKeepsWhatIsLeft() {
        var bucket = TokenBucket(APIKey.Rate(eventsPerSecond: 10), now: Self.start)
        _ = bucket.take(4, now: Self.start)
        bucket.adopt(APIKey.Rate(eventsPerSecond: 100, burst: 3))
        #expect(bucket.take(10, now: Self.start) == .init(events: 3, retryAfter: 30))
    }
}
