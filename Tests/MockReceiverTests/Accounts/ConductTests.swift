import MockReceiver
import Testing
import WebhookModel

/// Times are milliseconds since the receiver began.
@Suite struct ConductTests {
    private let request = WebhookRequest()

    private func receiver(_ program: BehaviourProgram, orderKeys: Int = 100) -> OfflineReceiver {
        var configuration = ReceiverConfiguration()
        configuration.program = program
        configuration.messageCap = 1_000
        configuration.orderKeyCap = orderKeys
        return OfflineReceiver(configuration)
    }

    private func failing(_ answer: Answer = Answer(status: 503), _ expectation: ExpectedConduct? = nil)
        -> BehaviourProgram
    {
        var program = BehaviourProgram(everywhere: Behaviour(reply: .answer(answer)))
        program.expectations = expectation.map { [$0] } ?? []
        return program
    }

    private func ms(_ milliseconds: Int) -> Int64 { Int64(milliseconds) * 1_000_000 }

    @Test func gapsAreMeasuredFromTheEndOfThePreviousAnswer() throws {
        let receiver = receiver(failing(Answer(status: 503), ExpectedConduct(.all, gaps: [1_000, 5_000])))
        // On time; too early; too late; the last gap holds on.
        var now = 0
        for gap in [0, 1_200, 2_000, 9_000, 5_900] {
            now += gap
            receiver.receive(request.text, at: ms(now))
        }
        let conduct = receiver.stats.totals.conduct
        #expect(conduct.gapsEarly == 1)
        #expect(conduct.gapsLate == 1)
        #expect(conduct.gapsKept == 2)
        let gaps = try #require(receiver.endpoints.first).gaps
        #expect(gaps.map(\.count) == [1, 1, 1, 1])
        #expect(gaps.map(\.most) == [1_200, 2_000, 9_000, 5_900])
        #expect(receiver.accounts[0].flags.contains(.offSchedule))
    }

    @Test func aSlowAnswerIsNoPartOfTheGap() throws {
        var program = failing(Answer(status: 503), ExpectedConduct(.all, gaps: [1_000]))
        program.rules[0].behaviour.delay = 700
        let receiver = receiver(program)
        receiver.receive(request.text, at: 0)
        receiver.receive(request.text, at: ms(1_700))
        #expect(receiver.stats.totals.conduct.gapsKept == 1)
        #expect(receiver.endpoints[0].gaps.map(\.most) == [1_000])
    }

    @Test(arguments: [RetryAfter.seconds(2), .date(seconds: 2)])
    func aRetryBeforeRetryAfterIsCounted(form: RetryAfter) {
        let receiver = receiver(failing(Answer(status: 429, retryAfter: form), ExpectedConduct(.all, gaps: [100])))
        for now in [0, 2_000, 3_999, 6_500] { receiver.receive(request.text, at: ms(now)) }
        let conduct = receiver.stats.totals.conduct
        #expect(conduct.retryAfterObeyed == 2)
        #expect(conduct.retryAfterBroken == 1)
        // Late by the schedule, and rightly.
        #expect(conduct.gapsKept == 2 && conduct.gapsLate == 1)
        #expect(receiver.accounts[0].flags.contains(.impatient))
    }

    @Test(arguments: ["-5", "99999999999999999999", "soon"])
    func anInvalidRetryAfterIsIgnored(text: String) {
        let receiver = receiver(failing(Answer(status: 429, retryAfter: .text(text))))
        for now in [0, 10] { receiver.receive(request.text, at: ms(now)) }
        let conduct = receiver.stats.totals.conduct
        #expect(conduct.retryAfterObeyed == 0 && conduct.retryAfterBroken == 0)
    }

    @Test func requestsAfter410AreCounted() {
        let receiver = receiver(failing(.init(status: 410)))
        receiver.receive(request.text, at: 0)
        // Another message may have been on its way.
        receiver.receive(WebhookRequest.numbered(2).text, at: ms(900))
        #expect(receiver.stats.totals.conduct.requestsAfterGone == 0)
        receiver.receive(WebhookRequest.numbered(3).text, at: ms(1_100))
        receiver.receive(request.text, at: ms(1_200))
        let conduct = receiver.stats.totals.conduct
        #expect(conduct.requestsAfterGone == 2)
        #expect(conduct.retriesAfterGone == 1)
    }

    @Test func aRetryNeedsAFreshTimestamp() {
        let receiver = receiver(failing())
        func attempt(at now: Int, timestamp: Int) {
            var request = request
            request.headers = ["webhook-timestamp: \(timestamp)"]
            receiver.receive(request.text, at: ms(now))
        }
        attempt(at: 0, timestamp: 1_000)
        attempt(at: 1_500, timestamp: 1_000)  // the same second, as far as anybody can tell
        attempt(at: 3_500, timestamp: 1_003)
        #expect(receiver.stats.totals.conduct.staleTimestamps == 0)
        attempt(at: 6_000, timestamp: 1_003)
        attempt(at: 9_000, timestamp: 900)
        #expect(receiver.stats.totals.conduct.staleTimestamps == 2)
        #expect(receiver.accounts[0].flags.contains(.staleTimestamp))
    }

    @Test func unansweredRequestsAreInFlight() throws {
        var program = BehaviourProgram(everywhere: Behaviour(delay: 1_000))
        program.expectations = [ExpectedConduct(.exact("/orders"), mostInFlight: 2)]
        let receiver = receiver(program)
        var open = try (0..<3 as Range<UInt64>).map {
            try #require(receiver.begin(WebhookRequest.numbered($0).text, at: 0))
        }
        receiver.end(open.removeFirst(), at: ms(1_000))
        open.append(try #require(receiver.begin(WebhookRequest.numbered(4).text, at: ms(1_001))))
        for pending in open { receiver.end(pending, at: ms(3_000)) }
        receiver.receive(WebhookRequest.numbered(9, path: "/other").text, at: ms(3_000))
        let stats = receiver.endpoints
        #expect(stats.map(\.counters.conduct.mostInFlight) == [3, 1])
        #expect(stats.map(\.counters.conduct.beyondInFlight) == [2, 0])
        #expect(receiver.stats.totals.conduct.mostInFlight == 3)
    }

    @Test func messagesOfAKeyComeInOrder() {
        var program = BehaviourProgram(everywhere: Behaviour())
        program.expectations = [ExpectedConduct(.all, order: .init(keyHeader: "X-Key", numberHeader: "X-Number"))]
        let receiver = receiver(program, orderKeys: 2)
        var id: UInt64 = 0
        func accept(_ key: String, _ number: String) {
            id += 1
            var request = WebhookRequest.numbered(id)
            request.headers = ["x-key: \(key)", "x-number: \(number)"]
            receiver.receive(request.text, at: ms(Int(id)))
        }
        for number in ["7", "8", "10"] { accept("a", number) }
        accept("b", "1")
        #expect(receiver.stats.totals.conduct.inversions == 0)
        #expect(receiver.stats.totals.conduct.missingNumbers == 1)
        accept("a", "9")
        accept("b", "no number")
        #expect(receiver.stats.totals.conduct.inversions == 1)
        #expect(receiver.stats.totals.conduct.missingNumbers == 0)
        #expect(!receiver.stats.inconclusive)
        accept("c", "1")
        #expect(receiver.stats.unordered == 1 && receiver.stats.inconclusive)
    }

    /// Any sender may write any number.
    @Test func numbersOutOfRangeAreIgnored() {
        var program = BehaviourProgram(everywhere: Behaviour())
        program.expectations = [
            ExpectedConduct(.all, order: .init(keyHeader: "x-key", numberHeader: "x-number"), occurredAt: .member("at"))
        ]
        let receiver = receiver(program)
        let numbers = [
            "0", "9223372036854775807", "-9223372036854775808", "70368744177664", "99999999999999999999", "2",
        ]
        let times = ["\"1700-01-01T00:00:00Z\"", "-1", "9223372036854775807", "0", "\"2200-12-31T23:59:59Z\"", "1e99"]
        for (place, (number, time)) in zip(numbers, times).enumerated() {
            var request = WebhookRequest.numbered(UInt64(place))
            request.headers = ["x-key: a", "x-number: \(number)"]
            request.body = "{\"at\":\(time)}"
            #expect(receiver.receive(request.text, at: 1_795_272_958_123_000_000) == 200)
        }
        #expect(receiver.stats.totals.accepted == 6)
        // 0, 2⁴⁶ and 2 of the numbers; 0 and the far future of the times.
        #expect(receiver.stats.totals.conduct.missingNumbers == 1 << 46 - 2)
        #expect(receiver.stats.latency?.count == 1 && receiver.stats.latency?.negative == 1)
    }

    @Test func theSameNumberTwiceIsNoInversion() {
        var program = BehaviourProgram(everywhere: Behaviour())
        program.expectations = [ExpectedConduct(.all, order: .init(keyHeader: "x-key", numberHeader: "x-number"))]
        let receiver = receiver(program)
        for number in [1, 1, 3] {
            var request = WebhookRequest(id: nil)
            request.headers = ["x-key: a", "x-number: \(number)"]
            receiver.receive(request.text, at: ms(number))
        }
        #expect(receiver.stats.totals.conduct.inversions == 0 && receiver.stats.totals.conduct.missingNumbers == 1)
    }

    @Test func latencyCountsFromWhenTheEventOccurred() throws {
        var program = BehaviourProgram(everywhere: Behaviour())
        program.expectations = [ExpectedConduct(.exact("/orders"), occurredAt: .member("timestamp"))]
        let receiver = receiver(program)
        // 2026-11-21T14:55:58.123Z
        let occurred: Int64 = 1_795_272_958_123
        func receive(_ number: UInt64, _ timestamp: String, after milliseconds: Int64) {
            var request = WebhookRequest.numbered(number)
            request.body = #"{"timestamp":\#(timestamp)}"#
            receiver.receive(request.text, at: (occurred + milliseconds) * 1_000_000)
        }
        receive(1, #""2026-11-21T14:55:58.123Z""#, after: 10)
        receive(2, #""2026-11-21T16:55:58.123+02:00""#, after: 20)
        receive(3, "1795272958123", after: 30)
        receive(4, "1795272958123000000", after: 40)
        receive(5, #""99999-01-01""#, after: 50)
        receive(6, #""9999-12-31T23:59:59Z""#, after: 50)
        receive(7, "1795272959", after: 0)
        // A retry tells nothing about the way here.
        receive(1, #""2026-11-21T14:55:58.123Z""#, after: 60_000)
        let report = try #require(receiver.stats.latency)
        #expect(report.count == 4)
        #expect(report.negative == 1)
        #expect(report.most == 40_000)
        #expect((18_000...22_500).contains(report.p50))
        #expect(receiver.endpoints[0].latency == report)
    }
}
