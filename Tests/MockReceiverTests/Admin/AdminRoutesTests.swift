import Foundation
import MockReceiver
import Testing
import WebhookModel

@Suite(.timeLimit(.minutes(1))) struct AdminRoutesTests {
    private func withAdmin(_ body: (ReceiverServer, AdminClient) async throws -> Void) async throws {
        var configuration = ReceiverConfiguration()
        configuration.adminPort = 0
        configuration.journalCapacity = 3
        configuration.messageCap = 1_000
        try await withReceiver(configuration) { receiver in
            try await body(receiver, AdminClient(port: try #require(receiver.adminPort)))
        }
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

    @Test func awaits() async throws {
        try await withAdmin { receiver, admin in
            #expect(try await admin.send("POST", "/await?accepted=1&timeout=0.01").status == 408)
            async let waiting = admin.send("POST", "/await?accepted=1&timeout=30")
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest().text])
            #expect(try await waiting.status == 200)
            #expect(try await admin.send("POST", "/await?requests=1").status == 200)
            for wrong in ["/await", "/await?accepted=x", "/await?accepted=1&timeout=-1", "/await?accepted=1&timeout=1e9"] {
                #expect(try await admin.send("POST", wrong).status == 400, "\(wrong)")
            }
        }
    }

    @Test func stoppingEndsWhatWaits() async throws {
        var configuration = ReceiverConfiguration()
        configuration.adminPort = 0
        let receiver = try await ReceiverServer.start(configuration)
        let port = try #require(receiver.adminPort)
        // One request waits for its condition, one connection stays open after its answer.
        async let waiting = AdminClient(port: port).send("POST", "/await?accepted=1&timeout=600")
        let idle = Task { try await RawClient.talk(to: port, ["GET /health HTTP/1.1\r\nhost: h\r\n\r\n"]) }
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

        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        }

        func list() throws -> [[String: Any]] {
            try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [[String: Any]])
        }
    }

    func send(_ method: String, _ target: String, _ body: String = "") async throws -> Reply {
        let request =
            "\(method) \(target) HTTP/1.1\r\nhost: admin\r\nconnection: close\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        let (text, _) = try await RawClient.talk(to: port, [request])
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        return Reply(
            status: RawClient.statuses(in: text).first ?? 0, body: parts.count == 2 ? String(parts[1]) : "")
    }
}
