import Foundation
import MockReceiver
import TestSupport
import Testing

/// What senders ask before their first webhook.
@Suite(.timeLimit(.minutes(5))) struct HandshakeTests {
    struct Question: Sendable, CustomTestStringConvertible {
        var kind: Handshake
        var method: String
        var target: String
        var headers: [String] = []
        var body = ""
        /// The answer's body.
        var echo = ""
        var testDescription: String { "\(kind) \(method) \(target)" }

        var text: String {
            let lines = ["\(method) \(target) HTTP/1.1", "host: h", "content-length: \(body.utf8.count)"] + headers
            return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
        }
    }

    static let hub = Question(
        kind: .hub, method: "GET", target: "/hook?hub.mode=subscribe&hub.challenge=a%2Bb+c%21&hub.topic=x",
        echo: "a+b c!")
    static let slack = Question(
        kind: .slack, method: "POST", target: "/hook", headers: ["content-type: application/json"],
        body: #"{"token":"t","challenge":"3eZ\/\u00e9b\ud83d\ude00","type":"url_verification"}"#, echo: "3eZ/éb😀")
    static let cloudEvents = Question(
        kind: .cloudevents, method: "OPTIONS", target: "/hook",
        headers: ["WebHook-Request-Origin: events.example", "WebHook-Request-Rate: 120"])
    static let questions = [
        hub, slack, cloudEvents,
        Question(
            kind: .validationToken, method: "POST", target: "/hook?validationToken=Validation%3a+x%26y",
            echo: "Validation: x&y"),
        Question(kind: .validationToken, method: "GET", target: "/hook?a=1&validationtoken=t", echo: "t"),
        Question(kind: .hub, method: "GET", target: "/hook?hub%2Echallenge=12%", echo: "12%"),
    ]

    private func withJournal(
        _ program: String = "", _ body: (ReceiverServer) async throws -> Void
    ) async throws {
        var configuration = ReceiverConfiguration()
        configuration.program = try ProgramFile.parse(program)
        configuration.messageCap = 1_000
        configuration.journalCapacity = 8
        try await withReceiver(configuration, body)
    }

    /// Head and body of the one answer.
    private func answer(_ text: String, from receiver: ReceiverServer) async throws -> (head: String, body: String) {
        let closing = text.replacing("host: h\r\n", with: "host: h\r\nconnection: close\r\n", maxReplacements: 1)
        let (text, _) = try await RawClient.talk(to: receiver.port, [closing])
        let end = try #require(text.firstRange(of: "\r\n\r\n"))
        return (text[..<end.lowerBound].lowercased(), String(text[end.upperBound...]))
    }

    @Test(arguments: questions) func isAnsweredAndIsNoMessage(question: Question) async throws {
        try await withJournal { receiver in
            let (head, body) = try await answer(question.text, from: receiver)
            #expect(head.hasPrefix("http/1.1 200 ") && body == question.echo, "\(head) \(body)")
            if question.kind == .cloudevents {
                for line in [
                    "webhook-allowed-origin: events.example", "webhook-allowed-rate: 120", "allow: post, put, patch",
                ] { #expect(head.contains("\r\n\(line)"), "\(head)") }
            } else {
                #expect(head.contains("\r\ncontent-type: text/plain"), "\(head)")
            }
            let stats = receiver.stats()
            #expect(stats.handshakes == 1 && stats.otherRequests == 0 && stats.refused == 0)
            #expect(stats.totals == ReceiverCounters.nothing && stats.messages == 0 && stats.endpoints == 0)
            let entry = try #require(receiver.journal().first)
            #expect(entry.handshake == question.kind && !entry.isMessage && entry.status == 200)
            #expect(entry.path == "/hook" && String(decoding: entry.head, as: UTF8.self).hasPrefix(question.method))
        }
    }

    @Test(.enabled(if: Curl.speaksHTTP2, "needs a curl with HTTP/2"), arguments: questions)
    func isAnsweredOverHTTP2(question: Question) async throws {
        try await withSecureReceiver { receiver, port, directory in
            var arguments = [
                "--silent", "--http2", "--max-time", "5", "--cacert", directory.path + "/ca.pem", "--request",
                question.method, "--dump-header", "-",
            ]
            arguments += question.headers.flatMap { ["--header", $0] }
            if question.method == "POST" { arguments += ["--data-binary", question.body] }
            let lines = try await Curl.run(arguments + ["https://127.0.0.1:\(port)\(question.target)"])
            let text = lines.joined(separator: "\n").replacing("\r\n", with: "\n")
            #expect(text.hasPrefix("HTTP/2 200") && text.hasSuffix("\(question.echo)\nexit 0"), "\(text)")
            if question.kind == .cloudevents { #expect(text.contains("webhook-allowed-rate: 120\n"), "\(text)") }
            #expect(receiver.stats().handshakes == 1 && receiver.stats().totals.requests == 0)
            #expect(receiver.stats().endpoints == 0 && receiver.journal().first?.handshake == question.kind)
        }
    }

    @Test func theConnectionGoesOn() async throws {
        try await withJournal { receiver in
            let requests = [HandshakeTests.cloudEvents.text, WebhookRequest().text, HandshakeTests.slack.text]
            try await expectStatuses([200, 200, 200], from: receiver.port, requests, inOnePiece: true)
            #expect(receiver.stats().handshakes == 2 && receiver.stats().totals.accepted == 1)
        }
    }

    /// A ledger must find every message that was sent.
    @Test func aRequestWithAnIDIsAMessage() async throws {
        try await withJournal { receiver in
            var request = WebhookRequest()
            request.body = HandshakeTests.slack.body
            let (_, body) = try await answer(
                request.text.replacing("Host: receiver", with: "host: h"), from: receiver)
            #expect(body.isEmpty && receiver.stats().totals.accepted == 1 && receiver.stats().handshakes == 0)
        }
    }

    @Test(arguments: [
        #"{"type":"event_callback","challenge":"x"}"#, #"{"type":"url_verification"}"#,
        #"{"type":"url_verification","challenge":""}"#, #"["url_verification"]"#,
        #"{"event":{"type":"url_verification","challenge":"x"}}"#,
    ])
    func otherBodiesAreMessages(body: String) async throws {
        try await withJournal { receiver in
            var question = HandshakeTests.slack
            question.body = body
            try await expectStatuses([200], from: receiver.port, [question.text])
            #expect(receiver.stats().totals.requests == 1 && receiver.stats().handshakes == 0)
        }
    }

    @Test(arguments: [
        "GET /hook?hub.mode=denied", "GET /hook?hub.challenge=", "GET /hook", "OPTIONS /hook",
        "DELETE /hook?hub.challenge=a",
    ])
    func whatIsNoHandshakeIsRefused(line: String) async throws {
        try await withJournal { receiver in
            let (head, _) = try await answer("\(line) HTTP/1.1\r\nhost: h\r\n\r\n", from: receiver)
            #expect(head.hasPrefix("http/1.1 405 ") && head.contains("\r\nallow: post, put, patch"), "\(head)")
            #expect(receiver.stats().refused == 1 && receiver.stats().handshakes == 0 && receiver.journal().isEmpty)
        }
    }

    /// The origin is not written into a header unless it is ASCII; a rate must be a number.
    @Test func anUnlawfulPermissionIsGivenForAll() async throws {
        try await withJournal { receiver in
            var question = HandshakeTests.cloudEvents
            question.headers = ["webhook-request-origin: é", "webhook-request-rate: fast"]
            let (head, _) = try await answer(question.text, from: receiver)
            #expect(head.contains("webhook-allowed-origin: *") && head.contains("webhook-allowed-rate: *"), "\(head)")
        }
    }

    // MARK: Programs

    @Test func rulesForMessagesLeaveThemAlone() async throws {
        try await withJournal(#"rules: [{path: "*", status: 503, delay: 1s}]"#) { receiver in
            for question in HandshakeTests.questions {
                let (_, body) = try await answer(question.text, from: receiver)
                #expect(body == question.echo)
            }
            #expect(receiver.stats().handshakes == HandshakeTests.questions.count)
        }
    }

    @Test func theyCanBeOff() async throws {
        try await withJournal("handshakes: off") { receiver in
            for question in [HandshakeTests.hub, HandshakeTests.cloudEvents] {
                let (head, _) = try await answer(question.text, from: receiver)
                #expect(head.hasPrefix("http/1.1 405 "), "\(head)")
            }
            let (head, body) = try await answer(HandshakeTests.slack.text, from: receiver)
            #expect(head.hasPrefix("http/1.1 200 ") && body.isEmpty, "\(head)")
            #expect(receiver.stats().handshakes == 0 && receiver.stats().totals.requests == 1)
        }
        try await withJournal("handshakes: [slack]") { receiver in
            let (_, body) = try await answer(HandshakeTests.slack.text, from: receiver)
            #expect(body == HandshakeTests.slack.echo)
            let (head, _) = try await answer(HandshakeTests.hub.text, from: receiver)
            #expect(head.hasPrefix("http/1.1 405 "), "\(head)")
        }
    }

    @Test func aRuleMakesThemFail() async throws {
        let program = """
            rules:
              - {path: /hook, status: 202}
              - {path: /hook, when: {handshake: slack, requests: 1}, status: 500}
              - {path: /hook, when: {handshake: [hub]}, body: wrong}
              - {path: /hook, when: {handshake: cloudevents}, fault: reset}
            """
        try await withJournal(program) { receiver in
            let slack = HandshakeTests.slack.text
            let requests = [slack, WebhookRequest(path: "/hook").text, slack]
            try await expectStatuses([500, 202, 200], from: receiver.port, requests)
            let (_, body) = try await answer(HandshakeTests.hub.text, from: receiver)
            #expect(body == "wrong")
            let (_, end) = try await RawClient.talk(to: receiver.port, [HandshakeTests.cloudEvents.text])
            #expect(end == .reset)
            #expect(receiver.stats().handshakes == 4 && receiver.stats().totals.requests == 1)
        }
    }

    @Test func theRecipeRefusesAll() async throws {
        try await withJournal(try Cookbook.text("never-agrees")) { receiver in
            for question in HandshakeTests.questions {
                let (head, _) = try await answer(question.text, from: receiver)
                #expect(head.hasPrefix("http/1.1 403 "), "\(head)")
            }
            try await expectStatuses([200], from: receiver.port, [WebhookRequest().text])
        }
    }

    /// Those in the journal, and those that come while it waits.
    @Test func anAwaitPassesThemOver() async throws {
        let hooks = JournalFilter(path: .exact("/hook"))
        try await withJournal { receiver in
            try await expectStatuses([200], from: receiver.port, [HandshakeTests.slack.text])
            #expect(receiver.journal().filter(hooks.matches).count == 1)
            async let waiting = receiver.wait(forRequests: 1, matching: hooks, timeout: .seconds(30))
            try await eventually { receiver.stats().waiting == 1 }
            let message = WebhookRequest(path: "/hook").text
            try await expectStatuses([200, 200], from: receiver.port, [HandshakeTests.slack.text, message])
            #expect(await waiting.found == 1)
            #expect(receiver.journal().map(\.isMessage) == [true, false, false])
        }
    }
}

/// Rules for methods that carry no webhook.
@Suite(.timeLimit(.minutes(5))) struct MethodRuleTests {
    private let program = """
        rules:
          - {path: /health, when: {method: [GET, head]}, status: 203, headers: {x-a: b}, body: "alive\\r\\n"}
          - {path: /gone, when: {method: DELETE}, status: 204}
          - {path: /put, when: {method: PUT}, status: 201}
          - {path: /put, when: {method: GET}, body: "slow\\r\\n", dribble: 1ms, delay: 1ms}
        """

    private func request(_ line: String) -> String { "\(line) HTTP/1.1\r\nhost: h\r\n\r\n" }

    @Test func aRuleAnswersTheMethodsThatItNames() async throws {
        var configuration = ReceiverConfiguration()
        configuration.program = try ProgramFile.parse(program)
        configuration.journalCapacity = 8
        try await withReceiver(configuration) { receiver in
            var put = WebhookRequest(path: "/put").text
            put = put.replacing("POST", with: "PUT")
            let requests = [
                request("GET /health"), request("DELETE /gone"), put, WebhookRequest.numbered(1, path: "/put").text,
                request("GET /put"), request("GET /other"),
            ]
            try await expectStatuses([203, 204, 201, 200, 200, 405], from: receiver.port, requests, inOnePiece: true)
            let stats = receiver.stats()
            #expect(stats.otherRequests == 3 && stats.handshakes == 0 && stats.refused == 1)
            #expect(stats.totals.requests == 2 && stats.totals.accepted == 2 && stats.endpoints == 1)
            #expect(receiver.journal().map(\.isMessage) == [false, true, true, false, false])
        }
    }

    /// RFC 9110 section 9.3.2.
    @Test func anAnswerToHeadHasTheLengthAndNoBody() async throws {
        try await withReceiver(try ProgramFile.parse(program)) { receiver in
            let requests = [request("HEAD /health"), request("HEAD /health"), request("DELETE /gone")]
            let (text, _) = try await RawClient.talk(to: receiver.port, [requests.joined()]) {
                RawClient.statuses(in: $0).count == 3 && $0.hasSuffix("\r\n\r\n")
            }
            #expect(text.components(separatedBy: "content-length: 7\r\n").count == 3, "\(text)")
            #expect(!text.contains("alive") && RawClient.statuses(in: text) == [203, 203, 204], "\(text)")
        }
    }

    @Test(.enabled(if: Curl.speaksHTTP2, "needs a curl with HTTP/2"))
    func methodsAreTreatedAlikeOverHTTP2() async throws {
        try await withSecureReceiver(try ProgramFile.parse(program)) { receiver, port, directory in
            let standard = [
                "--silent", "--http2", "--max-time", "5", "--cacert", directory.path + "/ca.pem", "--write-out",
                "%{http_version} %{http_code} %{size_download}\n", "--output", "/dev/null",
            ]
            for (options, path, line) in [
                (["--head"], "/health", "2 203 0"), (["--get"], "/health", "2 203 7"),
                (["--head"], "/other", "2 405 0"),
                (["--request", "DELETE"], "/gone", "2 204 0"),
            ] {
                let lines = try await Curl.run(standard + options + ["https://127.0.0.1:\(port)\(path)"])
                #expect(lines == [line, "exit 0"], "\(options)")
            }
            #expect(receiver.stats().otherRequests == 3 && receiver.stats().refused == 1)
        }
    }
}

extension ReceiverCounters {
    /// Those of a receiver that has received nothing.
    fileprivate static var nothing: ReceiverCounters { OfflineReceiver(ReceiverConfiguration()).stats.totals }
}
