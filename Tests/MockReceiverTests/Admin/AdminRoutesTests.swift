import Foundation
import MockReceiver
import Testing
import WebhookModel

@Suite(.timeLimit(.minutes(5))) struct AdminRoutesTests {
    private func withAdmin(_ body: (ReceiverServer, AdminClient) async throws -> Void) async throws {
        try await withAdminPort(journal: 3) { try await body($0, AdminClient(port: $1)) }
    }

    @Test func statsEndpointsAndHealth() async throws {
        try await withAdmin { receiver, admin in
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest().text, WebhookRequest().text])
            #expect(try await admin.send("GET", "/health").status == 200)
            let stats = try await admin.send("GET", "/stats").object()
            let totals = try #require(stats["totals"] as? [String: Any])
            #expect(totals["requests"] as? Int == 2)
            #expect(totals["duplicates"] as? Int == 1)
            #expect((totals["verdicts"] as? [String: Int])?["unchecked"] == 2)
            #expect((totals["answers"] as? [String: Int])?["2xx"] == 2)
            #expect(stats["inconclusive"] as? Bool == false)
            let endpoints = try await admin.send("GET", "/endpoints").list()
            #expect(endpoints.map { $0["path"] as? String } == ["/orders"])
        }
    }

    @Test func messagesAndJournal() async throws {
        try await withAdmin { receiver, admin in
            let requests = (0..<5).map { WebhookRequest.numbered($0, path: $0 < 4 ? "/a" : "/b").text }
            _ = try await RawClient.statuses(from: receiver.port, requests)
            let id = EventID(high: 7, low: 4).webhookID
            let message = try await admin.send("GET", "/messages/\(id)").object()
            let account = try #require((message["accounts"] as? [[String: Any]])?.first)
            #expect(account["path"] as? String == "/b")
            #expect(account["attempts"] as? Int == 1)
            #expect((account["body_hash"] as? String)?.count == 16)
            let unknown = try await admin.send("GET", "/messages/evt_nothing")
            #expect(unknown.status == 404 && unknown.body.contains("evt_nothing"))

            let journal = try await admin.send("GET", "/journal").list()
            #expect(journal.map { $0["number"] as? Int } == [5, 4, 3])
            #expect(journal[0]["body"] as? String == WebhookRequest().body)
            #expect((journal[0]["head"] as? String)?.hasPrefix("POST /b HTTP/1.1\r\n") == true)
            #expect(try await admin.send("GET", "/journal?path=/a&limit=1").list().map { $0["number"] as? Int } == [4])
            #expect(try await admin.send("GET", "/journal?id=\(id)").list().count == 1)
            #expect(try await admin.send("GET", "/journal?limit=x").status == 400)
        }
    }

    @Test func waitsForACount() async throws {
        try await withAdmin { receiver, admin in
            #expect(try await admin.send("POST", "/await?accepted=1&timeout=0.01").status == 408)
            async let waiting = admin.send("POST", "/await?accepted=1&timeout=30")
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest().text])
            #expect(try await waiting.status == 200)
            #expect(try await admin.send("POST", "/await?requests=1").status == 200)
            for wrong in [
                "/await", "/await?accepted=x", "/await?accepted=1&timeout=-1", "/await?accepted=1&timeout=1e9",
                "/await?accepted=1&path=/a", "/await?accepted=1&requests=1", "/await?request=1",
            ] {
                #expect(try await admin.send("POST", wrong).status == 400, "\(wrong)")
            }
        }
    }

    @Test func waitsForRequestsThatMatchAFilter() async throws {
        try await withAdmin { receiver, admin in
            async let waiting = admin.send("POST", "/await?requests=1&path=/b&status=2xx&timeout=30")
            _ = try await RawClient.statuses(from: receiver.port, ["/a", "/b"].map { WebhookRequest(path: $0).text })
            let reply = try await waiting
            #expect(reply.status == 200)
            #expect(try reply.object()["found"] as? Int == 1)
            let late = try await admin.send("POST", "/await?requests=2&path=/b&timeout=0.01")
            #expect(late.status == 408)
            #expect(try late.object()["found"] as? Int == 1)
            #expect(late.body.contains("1 of 2 arrived within 0.01 s"))
        }
    }

    @Test func verifiesAssertions() async throws {
        try await withAdmin { receiver, admin in
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest().text])
            let good = try await admin.send("POST", "/verify", "- {accepted: 1, duplicates: 0}")
            #expect(good.status == 200)
            #expect(try good.object()["holds"] as? Bool == true)
            let bad = try await admin.send("POST", "/verify", "[{\"path\": \"/orders\", \"accepted\": 2}]")
            #expect(bad.status == 409)
            let finding = try #require((try bad.object()["findings"] as? [[String: Any]])?.first)
            #expect(finding["assertion"] as? String == "accepted (path /orders) = 2" && finding["found"] as? Int == 1)
            let wrong = try await admin.send("POST", "/verify", "- {acepted: 1}")
            #expect(wrong.status == 400 && wrong.body.contains("did you mean accepted?"))
        }
    }

    @Test func reconcilesALedger() async throws {
        try await withAdmin { receiver, admin in
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest(id: "msg_1").text])
            let good = try await admin.send("POST", "/reconcile", "{\"id\":\"msg_1\"}\n")
            #expect(good.status == 200)
            #expect(try good.object()["verdict"] as? String == "proven")
            let bad = try await admin.send("POST", "/reconcile?path=*", "{\"id\":\"msg_1\"}\n{\"id\":\"msg_2\"}")
            #expect(bad.status == 409)
            #expect(try bad.object()["lost"] as? Int == 1)
            let wrong = try await admin.send("POST", "/reconcile", "{\"id\":\"msg_1\"}\n{}")
            #expect(wrong.status == 400 && wrong.body.contains("line 2: id is missing"))
            #expect(try await admin.send("POST", "/reconcile", "").status == 400)
        }
    }

    @Test func drawsAMessagesTimeline() async throws {
        try await withAdmin { receiver, admin in
            receiver.replace(BehaviourProgram(everywhere: Behaviour(failFirst: 3)))
            let requests = [String](repeating: WebhookRequest(id: "msg_1").text, count: 4)
            _ = try await RawClient.statuses(from: receiver.port, requests)
            let timeline = try await admin.send("GET", "/messages/msg_1/timeline").object()
            let attempts = try #require(timeline["attempts"] as? [[String: Any]])
            #expect(attempts.map { $0["status"] as? Int } == [503, 503, 200])
            #expect(attempts.map { $0["attempt"] as? Int } == [2, 3, 4])
            #expect(attempts[0]["gap_us"] == nil && (attempts[1]["gap_us"] as? Int ?? -1) >= 0)
            #expect(timeline["unseen"] as? Int == 1)
            #expect(try await admin.send("GET", "/messages/msg_2/timeline").status == 404)
        }
    }

    @Test func writesPrometheusText() async throws {
        try await withAdmin { receiver, admin in
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest(path: "/a\"b").text])
            let text = try await admin.send("GET", "/metrics").body
            #expect(
                text.contains("\n# TYPE mock_receiver_requests_total counter\nmock_receiver_requests_total 1\n")
                    || text.contains("mock_receiver_requests_total 1\n"))
            #expect(text.contains("mock_receiver_requests_by_path_total{path=\"/a\\\"b\"} 1\n"))
            #expect(text.contains("mock_receiver_answers_total{class=\"2xx\"} 1\n"))
            #expect(text.contains("mock_receiver_verdicts_by_path_total{path=\"/a\\\"b\",verdict=\"unchecked\"} 1\n"))
        }
    }

    @Test func problemsNameTheRemedy() async throws {
        try await withAdmin { receiver, admin in
            for (target, status, text) in [
                ("GET /nothing", 404, "GET /help lists what does"), ("GET /journal?limt=1", 400, "did you mean limit?"),
                ("GET /journal?verdict=vallid", 400, "did you mean valid?"),
                ("GET /journal?status=6xx", 400, "2xx to 5xx"),
                ("GET /journal?header=x", 400, "expected name:value"), ("GET /journal?attempt=0", 400, "1..3"),
                ("GET /journal?path=a", 400, "a path that begins with /"),
                ("GET /programs/flakky", 404, "did you mean flaky?"),
                ("DELETE /stats", 404, "GET /help"),
            ] {
                let words = target.split(separator: " ")
                let reply = try await admin.send(String(words[0]), String(words[1]))
                #expect(reply.status == status, "\(target): \(reply)")
                #expect(reply.head.contains("application/problem+json"), "\(target): \(reply)")
                let problem = try reply.object()
                #expect(problem["status"] as? Int == status && problem["title"] is String)
                #expect(
                    ((problem["detail"] as? String ?? "") + (problem["mend"] as? String ?? "")).contains(text),
                    "\(target): \(reply)")
            }
        }
    }

    @Test func pagesOfOtherSitesChangeNothing() async throws {
        try await withAdmin { receiver, admin in
            for (origin, status) in [
                ("http://evil.example", 403), ("null", 403), ("http://127.0.0.1:\(admin.port)", 204),
            ] {
                let reply = try await admin.send("POST", "/reset", headers: ["origin: \(origin)"])
                #expect(reply.status == status, "\(origin)")
            }
        }
    }

    /// DNS rebinding: a page's own name, pointed here, with an origin to match.
    @Test func requestsUnderOtherHostNamesReadNothing() async throws {
        var configuration = ReceiverConfiguration()
        configuration.adminPort = 0
        configuration.adminNames = ["qa-box"]
        try await withReceiver(configuration) { receiver in
            let admin = AdminClient(port: try #require(receiver.adminPort))
            for (host, status) in [
                ("evil.example", 403), ("evil.example:\(admin.port)", 403), ("LocalHost:1", 200), ("[::1]:80", 200),
                ("10.0.0.7", 200),
                ("QA-box:9401", 200),
            ] {
                let reply = try await admin.send("GET", "/stats", headers: ["origin: http://\(host)"], host: host)
                #expect(reply.status == status, "\(host): \(reply)")
            }
            #expect(
                try await admin.send("GET", "/stats", host: "evil.example").body.contains("--admin-name evil.example"))
        }
    }

    @Test func reportsWhatIsTooLargeOrMissing() async throws {
        try await withAdmin { receiver, admin in
            let certificate = try await admin.send("GET", "/ca.pem")
            #expect(certificate.status == 404 && certificate.body.contains("--tls-port"))
            let large = try await admin.send(
                "POST", "/fault", "{path: /a, status: 500, body: \"\(String(repeating: "x", count: 70_000))\"}")
            #expect(large.status == 413 && large.body.contains("65536 bytes"), "\(large)")
            #expect(try await admin.send("GET", "/journal?path=/a&path=/b").body.contains("path occurs twice"))
        }
    }

    @Test func aThousandFaultsCanBeQueued() async throws {
        try await withAdmin { receiver, admin in
            for _ in 0..<1_000 { #expect(receiver.strikeNext(with: .reset)) }
            #expect(!receiver.strikeNext(with: .reset))
            let full = try await admin.send("POST", "/fault", "{path: /a, status: 500}")
            #expect(full.status == 409 && full.body.contains("POST /reset"))
            receiver.reset()
            #expect(receiver.strikeNext(with: .reset))
        }
    }

    @Test func aWaitContinuesOverAReset() async throws {
        try await withAdmin { receiver, admin in
            let three = (1...3 as ClosedRange<UInt64>).map { WebhookRequest.numbered($0, path: "/a").text }
            _ = try await RawClient.statuses(from: receiver.port, three)
            #expect(try await admin.send("POST", "/await?requests=\(Int.max)&path=/a&timeout=0.01").status == 408)
            async let waiting = admin.send("POST", "/await?requests=4&path=/a&timeout=30")
            try await eventually { receiver.stats().waiting == 1 }
            receiver.reset()
            // Three were there before, and the journal holds three.
            let four = (1...4 as ClosedRange<UInt64>).map { WebhookRequest.numbered($0, path: "/a").text }
            _ = try await RawClient.statuses(from: receiver.port, Array(four.prefix(3)))
            #expect(receiver.stats().waiting == 1)
            _ = try await RawClient.statuses(from: receiver.port, [four[3]])
            let reply = try await waiting
            #expect(reply.status == 200, "\(reply)")
            #expect(try reply.object()["found"] as? Int == 4)
            #expect(
                try await admin.send("POST", "/await?requests=1&path=/b&after=3&timeout=0.01").object()["inconclusive"]
                    as? Bool == false)
        }
    }

    @Test func reportsThatTheReceiverStopped() async throws {
        let receiver = try await ReceiverServer.start(Self.awaited)
        let admin = AdminClient(port: try #require(receiver.adminPort))
        async let waiting = admin.send("POST", "/await?requests=4&timeout=30")
        try await eventually { receiver.stats().waiting == 1 }
        try await receiver.stop()
        let reply = try await waiting
        #expect(reply.status == 503 && reply.body.contains("the receiver stopped: 0 of 4"), "\(reply)")
    }

    private static var awaited: ReceiverConfiguration {
        var configuration = ReceiverConfiguration()
        configuration.adminPort = 0
        return configuration
    }

    @Test func namesMessagesByTheirSendersIDs() async throws {
        try await withAdmin { receiver, admin in
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest(id: "msg_stranger").text])
            let reply = try await admin.send("POST", "/reconcile", "{\"id\":\"evt_x\"}\n\n{\"id\":\"msg_lost\"}")
            let result = try reply.object()
            #expect(result["phantom_ids"] as? [String] == ["msg_stranger"])
            #expect(Set(result["lost_lines"] as? [Int] ?? []) == [1, 3])
            // Nobody wrote an evt_… there.
            let lost = try #require(result["lost_ids"] as? [String])
            #expect(lost.count == 2 && lost.allSatisfy { $0.hasPrefix("hash:") && $0.count == 37 }, "\(lost)")
        }
    }

    @Test func theProgramCanBeReadAndPutBack() async throws {
        try await withAdmin { receiver, admin in
            let wrong = try await admin.send("POST", "/program/check", "rules: [{path: /x, statsu: 1}]")
            #expect(wrong.status == 400)
            let mistake = try #require((try wrong.object()["mistakes"] as? [[String: Any]])?.first)
            #expect(mistake["line"] as? Int == 1 && mistake["column"] as? Int == 20)
            #expect(try await admin.send("PUT", "/program", try Cookbook.text("gone")).status == 200)
            let text = try await admin.send("GET", "/program").body
            #expect(try ProgramFile.parse(text) == (try ProgramFile.parse(try Cookbook.text("gone"))))
            #expect(try await admin.send("GET", "/programs").list().count == Cookbook.recipes.count)
            #expect(try await admin.send("GET", "/programs/flaky").body == (try Cookbook.text("flaky")))
        }
    }

    @Test func streamsRequests() async throws {
        try await withAdmin { receiver, admin in
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest(path: "/early").text])
            let port = receiver.port
            let (text, _) = try await RawClient.talk(
                to: admin.port,
                ["GET /stream?path=/*rl* HTTP/1.1\r\nhost: localhost\r\n\r\n".replacing("*rl*", with: "*")]
            ) { text in text.contains("event: stats") }
            #expect(text.contains("text/event-stream") && text.contains("\"path\":\"/early\""))
            async let later = RawClient.talk(to: admin.port, ["GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n"]) {
                $0.contains("/later")
            }
            _ = try await RawClient.statuses(from: port, [WebhookRequest(path: "/later").text])
            #expect(try await later.text.contains("event: request"))
        }
    }

    @Test func stoppingEndsWaitingCalls() async throws {
        var configuration = ReceiverConfiguration()
        configuration.adminPort = 0
        let receiver = try await ReceiverServer.start(configuration)
        let port = try #require(receiver.adminPort)
        // One request waits for its condition, one connection stays open after its answer.
        async let waiting = AdminClient(port: port).send("POST", "/await?accepted=1&timeout=600")
        let idle = Task { try await RawClient.talk(to: port, ["GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"]) }
        try await receiver.stop()
        _ = try? await waiting
        _ = try? await idle.value
    }

    @Test func programAndReset() async throws {
        try await withAdmin { receiver, admin in
            #expect(try await admin.send("PUT", "/program", "rules:\n  - {path: /x, status: 418}\n").status == 200)
            try await expectStatuses([418], from: receiver.port, [WebhookRequest(path: "/x").text])
            let wrong = try await admin.send("PUT", "/program", "rules:\n  - {path: /x, status: 1000}\n")
            #expect(wrong.status == 400 && wrong.body.contains("2:24: status"))
            // A refused program changes nothing.
            try await expectStatuses([418], from: receiver.port, [WebhookRequest(path: "/x").text])
            #expect(try await admin.send("POST", "/reset").status == 204)
            #expect(receiver.stats().totals.requests == 0)
        }
    }
}

/// Asks the admin port, one connection a request.
struct AdminClient {
    let port: Int

    struct Reply {
        let status: Int
        let body: String
        var head = ""

        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        }

        func list() throws -> [[String: Any]] {
            try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [[String: Any]])
        }
    }

    func send(
        _ method: String, _ target: String, _ body: String = "", headers: [String] = [], host: String? = nil
    ) async throws -> Reply {
        let lines =
            [
                "\(method) \(target) HTTP/1.1", "host: \(host ?? "127.0.0.1:\(port)")", "connection: close",
                "content-length: \(body.utf8.count)",
            ] + headers
        let request = lines.joined(separator: "\r\n") + "\r\n\r\n" + body
        let (text, _) = try await RawClient.talk(to: port, [request])
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        let head = String(parts.first ?? "")
        let raw = parts.count == 2 ? String(parts[1]) : ""
        let isChunked = head.lowercased().contains("transfer-encoding: chunked")
        return Reply(
            status: RawClient.statuses(in: text).first ?? 0, body: isChunked ? AdminClient.unchunked(raw) : raw,
            head: head)
    }

    private static func unchunked(_ text: String) -> String {
        var bytes = Array(text.utf8)[...]
        var body: [UInt8] = []
        while let end = bytes.firstRange(of: [0x0D, 0x0A]) {
            let size = Int(String(decoding: bytes[..<end.lowerBound], as: UTF8.self), radix: 16) ?? 0
            guard size > 0, bytes[end.upperBound...].count >= size + 2 else { break }
            body += bytes[end.upperBound...].prefix(size)
            bytes = bytes[(end.upperBound + size + 2)...]
        }
        return String(decoding: body, as: UTF8.self)
    }
}
