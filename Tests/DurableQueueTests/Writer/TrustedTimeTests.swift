import DurableQueue
import LMDB
import Store
import TestSupport
import Testing
import Threading
import WebhookModel

// F4: a start with the clock 31 days ahead removed every dead letter; one two days ahead forgot the ids.
@Suite struct TrustedTimeTests {
    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 86_400_000
    private static let start: Int64 = 1_800_000_000_000

    @Test func aClockThatGoesOnIsBelieved() {
        var time = TrustedTime(lastCommit: Self.start)
        for minute in 1...200 as ClosedRange<Int64> {
            let now = Self.start + minute * 60_000
            let found1 = time.follow(now: now, wall: now)
            #expect(found1 == .none)
            #expect(time.value == now)
        }
    }

    @Test func aStoreWithoutACommitSaysNothing() {
        var time = TrustedTime(lastCommit: 0)
        let found2 = time.follow(now: Self.start, wall: Self.start)
        #expect(found2 == .none && time.value == Self.start)
    }

    @Test func aLeapIsBelievedAfterAnHour() {
        var time = TrustedTime(lastCommit: Self.start)
        let late = Self.start + 31 * Self.day
        let found3 = time.follow(now: late, wall: late)
        #expect(found3 == .leapt(31 * Self.day))
        #expect(time.value == Self.start)
        let last = late + Self.hour - 1
        let found4 = time.follow(now: last, wall: last)
        #expect(found4 == .none && time.value == Self.start + Self.hour - 1)
        let found5 = time.follow(now: last + 1, wall: last + 1)
        #expect(found5 == .believed && time.value == last + 1)
    }

    @Test func aClockThatIsSetRightWithinTheHourHasDoneNothing() {
        var time = TrustedTime(lastCommit: Self.start)
        let late = Self.start + 31 * Self.day
        _ = time.follow(now: late, wall: late)
        // The queue's time stays ahead: it never goes back.
        let found6 = time.follow(now: late + 15_000, wall: Self.start + 15_000)
        #expect(found6 == .corrected)
        #expect(time.value == Self.start + 15_000)
        for minute in 1...120 as ClosedRange<Int64> {
            let found7 = time.follow(now: late + minute * 60_000, wall: Self.start + minute * 60_000)
            #expect(found7 == .none)
            #expect(time.value == Self.start + minute * 60_000)
        }
    }

    // MARK: The writer

    /// A store with a delivered event 1, and with a dead letter of event 2.
    private func store(_ folder: TemporaryDirectory) throws {
        let fixture = try WriterFixture(folder: folder)
        try fixture.provision(retry: RetryPolicy(delays: [], jitterPercent: 0))
        fixture.publish(1...2)
        try fixture.perform()
        let handed = fixture.takeHanded()
        fixture.report([handed[0]])
        fixture.report([handed[1]], .refusedStatus, status: 500)
        try fixture.linger()
        try fixture.settle()
        #expect(fixture.statistics.delivered == 1 && fixture.statistics.deadLettered == 1)
    }

    private func started(_ folder: TemporaryDirectory, after milliseconds: Int64) throws -> WriterFixture {
        let fixture = try WriterFixture(folder: folder)
        fixture.advance(milliseconds: milliseconds)
        try fixture.settle()
        return fixture
    }

    private func warned(_ fixture: WriterFixture) -> Bool {
        fixture.notices.contains { if case .clock(.leapt) = $0 { true } else { false } }
    }

    /// Two starts: the second finds the leap too, though the first has committed.
    @Test(arguments: [1, 2, 5]) func aStartWithTheClockAMonthAheadRemovesNothing(starts: Int) throws {
        let folder = TemporaryDirectory()
        try store(folder)
        for _ in 0..<starts {
            let fixture = try started(folder, after: 31 * Self.day)
            for _ in 0..<15 {
                fixture.advance(milliseconds: 60_000)
                try fixture.settle()
            }
            #expect(fixture.statistics.removedEvents == 0)
            #expect(warned(fixture))
            // The ids are known still.
            let again = fixture.publish([1])
            try fixture.settle()
            #expect(again.drafts.map(\.result) == [.duplicate])
        }
    }

    @Test func aStartTwoDaysLaterKnowsTheIdsForAnHour() throws {
        let folder = TemporaryDirectory()
        try store(folder)
        let fixture = try started(folder, after: 2 * Self.day)
        let again = fixture.publish([1])
        try fixture.settle()
        #expect(again.drafts.map(\.result) == [.duplicate])
        #expect(warned(fixture))
        // The server was really off: what is old goes after the hour.
        for _ in 0..<61 {
            fixture.advance(milliseconds: 60_000)
            try fixture.settle()
        }
        #expect(fixture.statistics.removedEvents == 1)
    }

    @Test func aStepOfARunningProcessRemovesNothingEither() throws {
        let folder = TemporaryDirectory()
        try store(folder)
        let fixture = try started(folder, after: 1_000)
        fixture.advance(milliseconds: 31 * Self.day)
        try fixture.settle()
        // Five minutes later NTP sets it right.
        fixture.advance(milliseconds: 5 * 60_000)
        try fixture.settle()
        fixture.time.value.wall -= 31 * Self.day * 1_000_000
        for _ in 0..<120 {
            fixture.advance(milliseconds: 60_000)
            try fixture.settle()
        }
        #expect(fixture.statistics.removedEvents == 0)
        #expect(warned(fixture))
    }

    @Test func whatWasAcceptedUnderAWrongClockDoesNotStopTheRemovalOfTheRest() throws {
        let folder = TemporaryDirectory()
        try store(folder)
        do {
            let wrong = try started(folder, after: 31 * Self.day)
            wrong.publish([3])
            try wrong.settle()
            wrong.report(wrong.takeHanded())
            try wrong.linger()
            try wrong.settle()
        }
        let right = try started(folder, after: 60_000)
        right.publish([4])
        try right.settle()
        right.report(right.takeHanded())
        try right.linger()
        try right.settle()
        try right.pass(hours: 26)
        // Events 1 and 4; 2 is a dead letter, 3 came in the future.
        #expect(right.statistics.removedEvents == 2)
    }

    @Test func nobodyIsJudgedByALeap() throws {
        let folder = TemporaryDirectory()
        let fixture = try WriterFixture(folder: folder)
        try fixture.provision(retry: RetryPolicy(delays: Array(repeating: 1, count: 99), jitterPercent: 0))
        fixture.publish([1])
        try fixture.perform()
        for _ in 0..<20 {
            fixture.report(fixture.takeHanded(), .refusedStatus, status: 500)
            try fixture.linger()
            try fixture.pass(hours: 1)
        }
        let before = fixture.notices.count { if case .endpoint = $0 { true } else { false } }
        fixture.advance(milliseconds: 5 * Self.day)
        for _ in 0..<10 {
            try fixture.settle()
            fixture.report(fixture.takeHanded(), .refusedStatus, status: 500)
            try fixture.linger()
        }
        try fixture.settle()
        #expect(fixture.statistics.endpointsDisabled == 0)
        #expect(fixture.notices.count { if case .endpoint = $0 { true } else { false } } == before)
    }
}
