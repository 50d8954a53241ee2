import MockReceiver
import Testing
import WebhookModel

@Suite(.timeLimit(.minutes(5))) struct DataPortTests {
    @Test func answersEachRequestOfAConnection() async throws {
        try await withReceiver { receiver in
            let requests = (0..<5).map { WebhookRequest.numbered($0).text }
            try await expectStatuses([200, 200, 200, 200, 200], from: receiver.port, requests)
            #expect(try await RawClient.statuses(from: receiver.port, requests, inOnePiece: true).count == 5)
            #expect(receiver.stats().totals.requests == 10)
            #expect(receiver.stats().totals.duplicates == 5)
        }
    }

    /// RFC 9110 section 9.3.2: the length is that of the answer to GET, and no body follows.
    @Test func anAnswerToHeadHasNoBody() async throws {
        try await withReceiver { receiver in
            let (text, end) = try await RawClient.talk(to: receiver.port, ["HEAD /a HTTP/1.1\r\nhost: a\r\n\r\n"])
            #expect(text.hasPrefix("HTTP/1.1 405 ") && text.hasSuffix("\r\n\r\n"), "\(text)")
            #expect(end == .closed && receiver.stats().refused == 1)
        }
    }

    /// Its answers would pile up.
    @Test func aSenderThatDoesNotReadIsNotRead() async throws {
        let long = BehaviourProgram(
            everywhere: Behaviour(reply: .answer(Answer(body: String(repeating: "a", count: 10_000)))))
        try await withReceiver(long) { receiver in
            func requests(to path: String) -> Int {
                receiver.endpoints().first { $0.path == path }?.counters.requests ?? 0
            }
            func flood(_ path: String) -> String {
                (0..<5_000 as Range<UInt64>).map { WebhookRequest.numbered($0, path: path).text }.joined()
            }
            let deaf = try await RawConnection.open(port: receiver.port, reads: false)
            let sending = Task { try await deaf.send(flood("/deaf")) }
            try await eventually { requests(to: "/deaf") > 0 }
            let other = try await RawConnection.open(port: receiver.port)
            try await other.send(flood("/other"))
            try await eventually { requests(to: "/other") == 5_000 }
            // What the kernel holds for it, and a little more: 50 MB are far beyond that.
            #expect(requests(to: "/deaf") < 4_000, "\(requests(to: "/deaf"))")
            sending.cancel()
        }
    }

    @Test func aDelayAlsoDelaysLaterAnswers() async throws {
        let program = BehaviourProgram(rules: [
            .init(.exact("/slow"), Behaviour(reply: .answer(Answer(status: 201)), delay: 30)),
            .init(.exact("/fast"), Behaviour(reply: .answer(Answer(status: 202)))),
        ])
        try await withReceiver(program) { receiver in
            let slow = WebhookRequest.numbered(1, path: "/slow").text
            let fast = WebhookRequest.numbered(2, path: "/fast").text
            let statuses = try await RawClient.statuses(from: receiver.port, [slow, fast, slow], inOnePiece: true)
            #expect(statuses == [201, 202, 201])
            let account = try #require(receiver.account(of: EventID(high: 7, low: 1), path: "/slow"))
            #expect(account.firstAccepted - account.firstSeen >= 29_000_000)
            #expect(account.accepted == 2)
        }
    }

    @Test func aSenderThatGivesUpIsNotAccepted() async throws {
        try await withReceiver(BehaviourProgram(everywhere: Behaviour(delay: 60_000))) { receiver in
            // Sends and leaves.
            _ = try await RawClient.talk(to: receiver.port, [WebhookRequest().text]) { _ in true }
            try await eventually { receiver.stats().totals.abandoned == 1 }
            #expect(receiver.stats().totals.accepted == 0)
            #expect(receiver.stats().connections == 0)
        }
    }

    @Test func refusesWithAReasonAndCloses() async throws {
        try await withReceiver { receiver in
            for (text, status) in [
                ("hello\r\n\r\n", 400), ("GET / HTTP/1.1\r\nhost: h\r\n\r\n", 405),
                ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999\r\n\r\n", 413),
                ("POST / HTTP/1.1\r\nx: \(String(repeating: "y", count: 40_000))", 431),
            ] {
                let (answer, end) = try await RawClient.talk(to: receiver.port, [text])
                #expect(RawClient.statuses(in: answer) == [status])
                #expect(answer.contains("connection: close"))
                #expect(end == .closed)
            }
            #expect(receiver.stats().refused == 4)
            #expect(receiver.stats().totals.requests == 0)
        }
    }

    @Test func sendsContinueBeforeTheBody() async throws {
        try await withReceiver { receiver in
            let head = "POST /x HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
            let (first, _) = try await RawClient.talk(to: receiver.port, [head]) { $0.contains("\r\n\r\n") }
            #expect(first == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(
                RawClient.statuses(in: try await RawClient.talk(to: receiver.port, [head + "ab"]) { !$0.isEmpty }.text)
                    == [200])
        }
    }

    @Test func closesWhenAsked() async throws {
        try await withReceiver { receiver in
            var request = WebhookRequest()
            request.headers = ["Connection: close"]
            let (text, end) = try await RawClient.talk(to: receiver.port, [request.text])
            #expect(RawClient.statuses(in: text) == [200])
            #expect(text.contains("connection: close"))
            #expect(end == .closed)
        }
    }

    @Test func severalLoopsShareTheAccounts() async throws {
        var configuration = ReceiverConfiguration()
        configuration.loops = 3
        try await withReceiver(configuration) { receiver in
            let port = receiver.port
            try await withThrowingTaskGroup(of: [Int].self) { group in
                for connection in 0..<8 as Range<UInt64> {
                    group.addTask {
                        let requests = (0..<50).map { WebhookRequest.numbered(connection / 2 * 50 + $0).text }
                        return try await RawClient.statuses(from: port, requests, inOnePiece: true)
                    }
                }
                for try await statuses in group { #expect(statuses == [Int](repeating: 200, count: 50)) }
            }
            let stats = receiver.stats()
            #expect(stats.messages == 200)
            #expect(stats.totals.accepted == 200)
            #expect(stats.totals.duplicates == 200)
        }
    }
}
