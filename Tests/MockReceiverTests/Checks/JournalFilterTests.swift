import MockReceiver
import Testing
import WebhookModel

@Suite(.timeLimit(.minutes(5))) struct JournalFilterTests {
    private func withJournal(_ capacity: Int, _ body: (ReceiverServer) async throws -> Void) async throws {
        var configuration = ReceiverConfiguration()
        configuration.journalCapacity = capacity
        configuration.messageCap = 1_000
        configuration.program = BehaviourProgram(rules: [.init(.exact("/b"), Behaviour(failFirst: 1))])
        try await withReceiver(configuration, body)
    }

    @Test func everyConditionMustMatch() async throws {
        try await withJournal(10) { receiver in
            var tiered = WebhookRequest.numbered(1)
            tiered.headers = ["X-Tier:  gold "]
            let requests = [tiered, .numbered(2, path: "/b"), .numbered(2, path: "/b")]
            _ = try await RawClient.statuses(from: receiver.port, requests.map(\.text))
            func numbers(_ filter: JournalFilter) -> [Int] { receiver.journal().filter(filter.matches).map(\.number) }
            #expect(numbers(JournalFilter()) == [3, 2, 1])
            #expect(numbers(JournalFilter(path: .exact("/b"))) == [3, 2])
            #expect(numbers(JournalFilter(id: EventID(high: 7, low: 1).webhookID)) == [1])
            #expect(numbers(JournalFilter(statuses: 500...599)) == [2])
            #expect(numbers(JournalFilter(attempts: 2...9)) == [3])
            #expect(numbers(JournalFilter(header: HeaderCondition("X-TIER", TextPattern("gold")))) == [1])
            #expect(numbers(JournalFilter(header: HeaderCondition("x-tier", TextPattern("silver")))) == [])
            #expect(numbers(JournalFilter(verdict: .unchecked, bodyText: "\"order\"", after: 1)) == [3, 2])
            #expect(numbers(JournalFilter(verdict: .valid)) == [])
        }
    }

    @Test func waitsForMatchingRequests() async throws {
        try await withJournal(100) { receiver in
            let failing = JournalFilter(path: .exact("/b"), statuses: 503...503)
            async let waiting = receiver.wait(forRequests: 3, matching: failing, timeout: .seconds(30))
            for number in 0..<5 as Range<UInt64> {
                _ = try await RawClient.statuses(
                    from: receiver.port, [WebhookRequest.numbered(number, path: number == 1 ? "/a" : "/b").text])
            }
            #expect(await waiting.found >= 3)
            let all = await receiver.wait(forRequests: 4, matching: failing, timeout: .seconds(30))
            #expect(
                all == (await receiver.wait(forRequests: 9, matching: failing, timeout: .milliseconds(1)))
                    && all.isExact)
        }
    }

    /// The others push them out of the journal before anybody could look.
    @Test func waitsForMoreThanTheJournalHolds() async throws {
        try await withJournal(2) { receiver in
            async let waiting = receiver.wait(
                forRequests: 20, matching: JournalFilter(path: .exact("/a")), timeout: .seconds(30))
            try await eventually { receiver.stats().waiting == 1 }
            for number in 0..<20 as Range<UInt64> {
                let texts = ["/a", "/c", "/c", "/c"].map { WebhookRequest.numbered(number, path: $0).text }
                #expect(try await RawClient.statuses(from: receiver.port, texts, inOnePiece: true).count == 4)
            }
            let count = await waiting
            #expect(count.found == 20 && count.isExact)
            #expect(receiver.stats().waiting == 0)
        }
    }

    @Test func requestsThatLeftTheJournalAreUnseen() async throws {
        try await withJournal(2) { receiver in
            _ = try await RawClient.statuses(
                from: receiver.port, (0..<5).map { WebhookRequest.numbered($0).text }, inOnePiece: true)
            let count = await receiver.wait(
                forRequests: 3, matching: JournalFilter(path: .all), timeout: .milliseconds(1))
            #expect(count.found == 2 && count.unseen == 3)
        }
    }

    @Test func aResetStartsTheCountAgain() async throws {
        try await withJournal(100) { receiver in
            let anything = JournalFilter(path: .all)
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest.numbered(1).text])
            async let waiting = receiver.wait(forRequests: 2, matching: anything, timeout: .seconds(30))
            receiver.reset()
            _ = try await RawClient.statuses(
                from: receiver.port, [WebhookRequest.numbered(2).text, WebhookRequest.numbered(3).text])
            #expect(await waiting.found == 2)
        }
    }
}
