import Foundation
import MockReceiver
import Testing

@Suite(.timeLimit(.minutes(5))) struct InboxTests {
    private func withInboxes(_ body: (ReceiverServer, AdminClient) async throws -> Void) async throws {
        try await withAdminPort(journal: 2) { try await body($0, AdminClient(port: $1)) }
    }

    @Test func inboxesAreSeparate() async throws {
        try await withInboxes { receiver, admin in
            let opened = try await admin.send("POST", "/inboxes?expires=1h")
            #expect(opened.status == 201 && opened.head.contains("/inbox/"))
            let inbox = try opened.object()
            let path = try #require(inbox["path"] as? String)
            let token = try #require(inbox["token"] as? String)
            #expect(inbox["url"] as? String == "http://127.0.0.1:\(receiver.port)\(path)")
            // More than the journal holds, and others beside it.
            let requests =
                (0..<5).map { WebhookRequest.numbered($0, path: path) } + (0..<5).map { WebhookRequest.numbered($0) }
            try await expectStatuses([Int](repeating: 200, count: 10), from: receiver.port, requests.map(\.text))
            let content = try await admin.send("GET", "/inboxes/\(token)").object()
            #expect(content["received"] as? Int == 5)
            #expect((content["requests"] as? [[String: Any]])?.count == 5)
            #expect(try await admin.send("GET", "/inboxes").list().count == 1)
            let page = try await admin.send("GET", "/inbox/\(token)")
            #expect(page.status == 200 && page.body.contains("/inbox.js"))
            #expect(try await admin.send("DELETE", "/inboxes/\(token)").status == 204)
            try await expectStatuses([404], from: receiver.port, [WebhookRequest(path: path).text])
            for target in ["/inboxes/\(token)", "/inbox/\(token)"] {
                #expect(try await admin.send("GET", target).status == 404)
            }
        }
    }

    @Test func anInboxExpires() async throws {
        try await withInboxes { receiver, admin in
            let inbox = try #require(receiver.openInbox(lasting: 1))
            let request = WebhookRequest(path: inbox.path).text
            try await expectStatuses([200], from: receiver.port, [request])
            #expect(receiver.requests(in: inbox)?.count == 1)
            try await eventually { receiver.requests(in: inbox) == nil }
            // The connection's loop has cached the path: it must hear of it too.
            try await expectStatuses([404], from: receiver.port, [request])
        }
    }

    @Test func inboxesAreLimited() async throws {
        try await withInboxes { receiver, admin in
            for _ in 0..<128 { #expect(receiver.openInbox() != nil) }
            let full = try await admin.send("POST", "/inboxes")
            #expect(full.status == 409 && full.body.contains("128 inboxes are open"))
            let wrong = try await admin.send("POST", "/inboxes?expires=9d")
            #expect(wrong.status == 400 && wrong.body.contains("1s to 7d"))
        }
    }

    @Test func tokensAreRandomAndUnknownOnesAreRefused() async throws {
        try await withInboxes { receiver, _ in
            let tokens = Set((0..<100).compactMap { _ in receiver.openInbox()?.token })
            #expect(tokens.count == 100 && tokens.allSatisfy { $0.count == 32 })
            try await expectStatuses([404], from: receiver.port, [WebhookRequest(path: "/inbox/x").text])
            try await expectStatuses([200], from: receiver.port, [WebhookRequest(path: "/inbo").text])
        }
    }
}
