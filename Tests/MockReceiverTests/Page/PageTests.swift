import Foundation
import MockReceiver
import Testing

@Suite(.timeLimit(.minutes(5))) struct PageTests {
    private func withPage(_ body: (ReceiverServer, AdminClient) async throws -> Void) async throws {
        var configuration = ReceiverConfiguration()
        configuration.adminPort = 0
        configuration.journalCapacity = 10
        try await withReceiver(configuration) { receiver in
            try await body(receiver, AdminClient(port: try #require(receiver.adminPort)))
        }
    }

    @Test func thePageLoadsNothingFromOtherSites() async throws {
        try await withPage { _, admin in
            for (target, type) in [
                ("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript"),
                ("/inbox.js", "text/javascript"),
            ] {
                let asset = try await admin.send("GET", target)
                let head = asset.head.lowercased()
                #expect(asset.status == 200 && head.contains("content-type: \(type)"))
                #expect(
                    head.contains("content-security-policy: default-src 'none'; script-src 'self'")
                        && head.contains("nosniff"))
                #expect(
                    !asset.body.contains("https://") && !asset.body.contains(" style=")
                        && !asset.body.contains("innerHTML"))
                // The one address is the name of SVG's elements.
                #expect(
                    asset.body.components(separatedBy: "http://").count == (target.hasSuffix(".js") ? 2 : 1),
                    "\(target)")
            }
        }
    }

    /// What the scripts ask for, and what they read of the answers, by the API's own answers.
    @Test func theScriptsReadWhatTheAPIWrites() async throws {
        try await withPage { receiver, admin in
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest(id: "msg_1").text])
            let stats = try await admin.send("GET", "/stats").object()
            let request = try #require(try await admin.send("GET", "/journal").list().first)
            let timeline = try await admin.send("GET", "/messages/msg_1/timeline").object()
            let script = try await admin.send("GET", "/page.js").body
            let totals = try #require(stats["totals"] as? [String: Any])
            for key in script.matches(of: /stats\.totals\.(\w+)/).map({ String($0.1) }) {
                #expect(totals[key] != nil, "totals.\(key)")
            }
            for key in script.matches(of: /stats\.(\w+)/).map({ String($0.1) }) {
                #expect(stats[key] != nil, "stats.\(key)")
            }
            let optional: Set = ["body_base64", "advice", "fault"]
            for key in script.matches(of: /request\.(\w+)/).map({ String($0.1) }) where !optional.contains(key) {
                #expect(request[key] != nil, "request.\(key)")
            }
            for key in script.matches(of: /timeline\.(\w+)/).map({ String($0.1) }) {
                #expect(timeline[key] != nil, "timeline.\(key)")
            }
            let page = try await admin.send("GET", "/").body
            for id in script.matches(of: /byId\("([\w-]+)"\)/).map({ String($0.1) }) where id != "url" {
                #expect(page.contains("id=\"\(id)\""), "\(id)")
            }
        }
    }
}
