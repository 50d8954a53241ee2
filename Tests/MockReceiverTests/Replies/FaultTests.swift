import MockReceiver
import Testing

/// What really comes over the wire, read by a client that knows no HTTP.
@Suite(.timeLimit(.minutes(5))) struct FaultTests {
    private static let answer = Answer(status: 200, headers: [.init("x-a", "1")], body: "0123456789")
    private static let head = "HTTP/1.1 200 OK\r\nx-a: 1\r\n"

    private func talk(
        _ fault: Fault, _ answer: Answer = answer, requests: [String] = [WebhookRequest().text],
        until enough: @escaping @Sendable (String) -> Bool = { _ in false },
        after: (ReceiverServer) async throws -> Void = { _ in }
    ) async throws -> (text: String, end: RawClient.End) {
        var found: (text: String, end: RawClient.End) = ("", .open)
        try await withReceiver(BehaviourProgram(everywhere: Behaviour(reply: .fault(fault, answer)))) { receiver in
            found = try await RawClient.talk(to: receiver.port, requests, until: enough)
            try await after(receiver)
        }
        return found
    }

    /// Counted as spoilt, and not as accepted.
    private func isSpoilt(_ receiver: ReceiverServer) async throws {
        try await eventually { receiver.stats().totals.spoilt == 1 }
        #expect(receiver.stats().totals.accepted == 0)
    }

    /// The header section was whole: its status counts.
    private func isAccepted(_ receiver: ReceiverServer) async throws {
        try await eventually { receiver.stats().totals.accepted == 1 }
        #expect(receiver.stats().totals.spoilt == 0)
    }

    @Test func aResetComesAfterSoManyBytes() async throws {
        let (text, end) = try await talk(.resetAfter(bytes: 20), after: { #expect($0.stats().totals.resets == 1) })
        #expect(text == String(decoding: Self.head.utf8.prefix(20), as: UTF8.self))
        #expect(end == .reset)
        let whole = try await talk(.resetAfter(bytes: 0))
        #expect(whole.text.isEmpty && whole.end == .reset)
    }

    @Test func silenceSendsNothing() async throws {
        try await withReceiver(BehaviourProgram(everywhere: Behaviour(reply: .fault(.silence, Answer())))) { receiver in
            async let talk = RawClient.talk(to: receiver.port, [WebhookRequest().text]) { _ in false }
            #expect(await receiver.wait(for: .requests(1), timeout: .seconds(10)))
            // Whoever else comes meanwhile is served as silently; what was taken stays open until the receiver ends.
            let stats = receiver.stats()
            #expect(stats.totals.requests == 1 && stats.totals.spoilt == 0 && stats.connections == 1)
            try await receiver.stop()
            let text = try await talk.text
            #expect(text.isEmpty)
        }
    }

    @Test func aHalfCloseLetsTheSenderContinueToWrite() async throws {
        let (text, end) = try await talk(.halfClose, after: isSpoilt)
        #expect(text.isEmpty)
        #expect(end == .closed)
    }

    @Test func theConnectionIsClosedBeforeTheNextRequest() async throws {
        try await withReceiver(BehaviourProgram(everywhere: Behaviour(reply: .fault(.closeBeforeReuse, Self.answer)))) {
            receiver in
            let client = try await RawConnection.open(port: receiver.port)
            try await client.send(WebhookRequest.numbered(1).text)
            #expect(try await client.read { $0.hasSuffix("0123456789") }.hasPrefix(Self.head))
            #expect(receiver.stats().totals.accepted == 1)
            try await client.send(WebhookRequest.numbered(2).text)
            #expect(try await client.isCut())
            // The request that met the end was never read.
            #expect(receiver.stats().totals.requests == 1)
        }
    }

    @Test func aSlowHeadComesByteByByte() async throws {
        try await withReceiver(
            BehaviourProgram(everywhere: Behaviour(reply: .fault(.slowHead(milliseconds: 2), Answer(body: "b"))))
        ) {
            receiver in
            let client = try await RawConnection.open(port: receiver.port)
            try await client.send(WebhookRequest().text)
            let text = try await client.read { $0.hasSuffix("\r\n\r\nb") }
            #expect(text == "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb")
            #expect(client.pieces > text.utf8.count / 2, "\(client.pieces) pieces of \(text.utf8.count) bytes")
            try await eventually { receiver.stats().totals.accepted == 1 }
            // The connection goes on.
            try await client.send(WebhookRequest.numbered(2).text)
            #expect(try await client.read { $0.hasSuffix("\r\n\r\nb") }.hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test func anEndlessHeadHasNoEnd() async throws {
        let (text, _) = try await talk(.endlessHead, until: { $0.utf8.count > 300_000 }, after: isSpoilt)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\nx-filler: f"))
        #expect(!text.contains("\r\n\r\n"))
    }

    @Test func aBadStatusLineIsSent() async throws {
        let (text, end) = try await talk(.badStatusLine, after: isSpoilt)
        #expect(text == "HTTP/one.one TWO-HUNDRED\r\nx-a: 1\r\ncontent-length: 10\r\n\r\n0123456789")
        #expect(end == .closed)
    }

    @Test func wrongContentLengthsAreSent() async throws {
        let long = try await talk(.lengthTooLong, after: isAccepted)
        #expect(long.text == Self.head + "content-length: 74\r\n\r\n0123456789")
        #expect(long.end == .closed)
        let short = try await talk(.lengthTooShort)
        #expect(short.text == Self.head + "content-length: 5\r\n\r\n0123456789")
        #expect(short.end == .closed)
    }

    @Test func chunksAreTruncatedOrMalformed() async throws {
        let chunked = Self.head + "transfer-encoding: chunked\r\n\r\n"
        let truncated = try await talk(.truncatedChunk, after: isAccepted)
        #expect(truncated.text == chunked + "40\r\n0123456789")
        #expect(truncated.end == .closed)
        let malformed = try await talk(.malformedChunk, after: isAccepted)
        #expect(malformed.text == chunked + "not-a-size\r\n0123456789\r\n0\r\n\r\n")
    }

    @Test func anInfiniteBodyHasNoEnd() async throws {
        let (text, _) = try await talk(.infiniteBody, until: { $0.utf8.count > 500_000 }, after: isAccepted)
        #expect(text.hasPrefix(Self.head + "transfer-encoding: chunked\r\n\r\n2000\r\nzzz"))
        #expect(!text.contains("\r\n0\r\n"))
    }

    @Test func aDribblingBodyComesByteByByte() async throws {
        let slow = Answer(body: "abcdefgh", dribble: 2)
        try await withReceiver(BehaviourProgram(everywhere: Behaviour(reply: .answer(slow)))) { receiver in
            let client = try await RawConnection.open(port: receiver.port)
            try await client.send(WebhookRequest().text)
            let text = try await client.read { $0.hasSuffix("\r\n\r\nabcdefgh") }
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n"))
            #expect(client.pieces >= 4)
        }
    }

    @Test func anEarlyAnswerComesBeforeTheBody() async throws {
        try await withReceiver(
            BehaviourProgram(everywhere: Behaviour(reply: .fault(.earlyAnswer, Answer(status: 202))))
        ) { receiver in
            let client = try await RawConnection.open(port: receiver.port)
            var request = WebhookRequest()
            request.body = String(repeating: "x", count: 50_000)
            let text = request.text
            try await client.send(String(text.prefix(1_000)))
            #expect(try await client.read { $0.hasSuffix("\r\n\r\n") }.hasPrefix("HTTP/1.1 202 Accepted\r\n"))
            #expect(receiver.stats().totals.requests == 1)
            #expect(receiver.stats().totals.accepted == 1)
            // What still comes is read and dropped; the next request finds the connection in order.
            try await client.send(String(text.dropFirst(1_000)) + WebhookRequest.numbered(2).text)
            #expect(try await client.read { $0.hasSuffix("\r\n\r\n") }.hasPrefix("HTTP/1.1 202 Accepted\r\n"))
            #expect(receiver.stats().totals.requests == 2)
        }
    }

    private var upload: WebhookRequest {
        var request = WebhookRequest()
        request.body = String(repeating: "x", count: 50_000)
        return request
    }

    private let tooBusy = Behaviour(reply: .fault(.earlyAnswer, Answer(status: 503)))

    /// The first attempt's body was never looked at.
    @Test func aRetryAfterAnEarlyAnswerIsTheSameMessage() async throws {
        let program = BehaviourProgram(rules: [
            .init(.all, when: Conditions(attempts: 1...1), tooBusy), .init(.all, Behaviour()),
        ])
        var configuration = ReceiverConfiguration()
        configuration.program = program
        configuration.journalCapacity = 10
        try await withReceiver(configuration) { receiver in
            let client = try await RawConnection.open(port: receiver.port)
            let text = upload.text
            try await client.send(String(text.prefix(1_000)))
            _ = try await client.read { $0.hasSuffix("\r\n\r\n") }
            let hash = BodyHash.of(Array(upload.body.utf8))
            let id = try #require(WebhookRequest().id)
            #expect(receiver.reconcile([LedgerEntry(webhookID: id, bodyHash: hash)]).changed == 0)
            try await client.send(String(text.dropFirst(1_000)) + text)
            #expect(try await client.read { $0.hasSuffix("\r\n\r\n") }.hasPrefix("HTTP/1.1 200 OK"))
            #expect(receiver.stats().totals.changedBodies == 0 && receiver.stats().totals.retries == 1)
            #expect(receiver.reconcile([LedgerEntry(webhookID: id, bodyHash: hash)]).verdict == .proven)
            #expect(receiver.reconcile([LedgerEntry(webhookID: id, bodyHash: 1)]).verdict == .corrupt)
            #expect(receiver.journal().map(\.attempt) == [2, 1])
        }
    }

    @Test func anEarlyAnswerIsCountedWhateverElseTheRuleSays() async throws {
        let delayed = Behaviour(reply: .fault(.earlyAnswer, Answer(status: 202)), delay: 50)
        try await withReceiver(BehaviourProgram(everywhere: delayed)) { receiver in
            let client = try await RawConnection.open(port: receiver.port)
            try await client.send(String(upload.text.prefix(1_000)))
            _ = try await client.read { $0.hasSuffix("\r\n\r\n") }
            #expect(receiver.stats().totals.accepted == 1)
            try await client.send(String(upload.text.dropFirst(1_000)))
        }
        let dribbling = Behaviour(reply: .fault(.earlyAnswer, Answer(status: 202, body: "ab", dribble: 1)))
        try await withReceiver(BehaviourProgram(everywhere: dribbling)) { receiver in
            let client = try await RawConnection.open(port: receiver.port)
            try await client.send(String(upload.text.prefix(1_000)))
            #expect(try await client.read { $0.hasSuffix("ab") }.hasPrefix("HTTP/1.1 202 Accepted"))
            try await eventually { receiver.stats().totals.accepted == 1 }
        }
    }

    @Test func anEarlyAnswerOfANewProgramOrQueuedFaultApplies() async throws {
        try await withReceiver { receiver in
            try await expectStatuses([200], from: receiver.port, [WebhookRequest().text])
            receiver.replace(BehaviourProgram(everywhere: tooBusy))
            let client = try await RawConnection.open(port: receiver.port)
            try await client.send(String(upload.text.prefix(1_000)))
            #expect(try await client.read { $0.hasSuffix("\r\n\r\n") }.hasPrefix("HTTP/1.1 503"))
            receiver.replace(BehaviourProgram())
            receiver.strikeNext(of: .exact("/orders"), with: tooBusy.reply)
            let other = try await RawConnection.open(port: receiver.port)
            try await other.send(String(upload.text.prefix(1_000)))
            #expect(try await other.read { $0.hasSuffix("\r\n\r\n") }.hasPrefix("HTTP/1.1 503"))
        }
    }

    @Test func aBodyOfOneByteIsSentOnce() async throws {
        try await withReceiver(BehaviourProgram(everywhere: Behaviour(reply: .answer(Answer(body: "x", dribble: 5))))) {
            receiver in
            let (text, _) = try await RawClient.talk(to: receiver.port, [WebhookRequest().text]) {
                $0.hasSuffix("\r\n\r\nx")
            }
            #expect(text == "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx")
            try await eventually { receiver.stats().totals.accepted == 1 }
        }
    }

    /// What counts as answered has been.
    @Test func anAnswerBeforeAResetArrives() async throws {
        let program = BehaviourProgram(rules: [
            .init(.all, when: Conditions(requests: 2...2), Behaviour(reply: .reset)), .init(.all, Behaviour()),
        ])
        try await withReceiver(program) { receiver in
            let requests = [1, 2].map { WebhookRequest.numbered($0).text }.joined()
            let (text, end) = try await BlockingClient.talk(to: receiver.port, requests)
            #expect(text == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            #expect(end == .reset && receiver.stats().totals.accepted == 1)
        }
    }

    @Test func aSenderThatEndsItsDirectionGetsItsAnswer() async throws {
        try await withReceiver { receiver in
            let client = try await RawConnection.open(port: receiver.port)
            try await client.sendLast(WebhookRequest().text)
            #expect(try await client.read { _ in false } == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            try await eventually { receiver.stats().connections == 0 }
        }
    }

    @Test func queuedFaultsSendDatesAndRedirectChains() async throws {
        try await withReceiver { receiver in
            receiver.strikeNext(with: .answer(Answer(status: 429, retryAfter: .date(seconds: 5))))
            receiver.strikeNext(with: .fault(.redirectChain(hops: 2), Answer()))
            let dated = try await RawClient.talk(to: receiver.port, [WebhookRequest().text]) {
                $0.hasSuffix("\r\n\r\n")
            }.text
            #expect(dated.contains(" GMT\r\n"), "\(dated)")
            let chained = try await RawClient.talk(to: receiver.port, [WebhookRequest().text]) {
                $0.hasSuffix("\r\n\r\n")
            }.text
            #expect(chained.contains("location: /orders?hop=1\r\n"), "\(chained)")
            for seconds in [Int.min, -2_000_000_000, Int.max] {
                receiver.strikeNext(with: .answer(Answer(status: 429, retryAfter: .date(seconds: seconds))))
                try await expectStatuses([429], from: receiver.port, [WebhookRequest().text])
            }
        }
    }

    @Test func redirectsFormAChain() async throws {
        var path = "/orders"
        var statuses: [Int] = []
        try await withReceiver(
            BehaviourProgram(everywhere: Behaviour(reply: .fault(.redirectChain(hops: 3), Answer(status: 204))))
        ) {
            receiver in
            for _ in 0..<4 {
                let (text, _) = try await RawClient.talk(to: receiver.port, [WebhookRequest(path: path).text]) {
                    $0.hasSuffix("\r\n\r\n")
                }
                statuses += RawClient.statuses(in: text)
                let location = text.split(separator: "\r\n").first { $0.hasPrefix("location: ") }
                path = location.map { String($0.dropFirst(10)) } ?? path
            }
        }
        #expect(statuses == [307, 307, 307, 204])
        #expect(path == "/orders?hop=3")
    }

    @Test func aRedirectLeadsToAPrivateAddress() async throws {
        let address = "http://169.254.169.254/latest/meta-data/"
        let (text, _) = try await talk(.redirectTo(address), Answer(), until: { $0.hasSuffix("\r\n\r\n") })
        #expect(text == "HTTP/1.1 302 Found\r\nlocation: \(address)\r\ncontent-length: 0\r\n\r\n")
    }

    @Test(arguments: [
        (RetryAfter.seconds(7), "7"), (.text("-5"), "-5"), (.text("99999999999999999999"), "99999999999999999999"),
        (.text("in a while"), "in a while"),
    ])
    func retryAfterIsWrittenAsAsked(form: RetryAfter, value: String) async throws {
        let busy = Answer(status: 429, retryAfter: form)
        try await withReceiver(BehaviourProgram(everywhere: Behaviour(reply: .answer(busy)))) { receiver in
            let (text, _) = try await RawClient.talk(to: receiver.port, [WebhookRequest().text]) {
                $0.hasSuffix("\r\n\r\n")
            }
            #expect(text == "HTTP/1.1 429 Too Many Requests\r\nretry-after: \(value)\r\ncontent-length: 0\r\n\r\n")
        }
    }

    @Test func queuedFaultsApplyFirstAndOnce() async throws {
        try await withReceiver { receiver in
            receiver.strikeNext(2, of: .exact("/orders"), with: .answer(Answer(status: 500)))
            let requests = (0..<4).map { WebhookRequest.numbered($0).text }
            try await expectStatuses([500, 500, 200, 200], from: receiver.port, requests)
            receiver.strikeNext(with: .reset)
            #expect(try await RawClient.talk(to: receiver.port, [requests[0]]).end == .reset)
        }
    }
}
