import Foundation
import MockReceiver
import Testing
import WebhookModel

@Suite(.timeLimit(.minutes(5))) struct ExportTests {
    @Test func exportsTheJournal() async throws {
        var configuration = ReceiverConfiguration()
        configuration.adminPort = 0
        configuration.journalCapacity = 10
        configuration.program = BehaviourProgram(everywhere: Behaviour(delay: 3))
        try await withReceiver(configuration) { receiver in
            let admin = AdminClient(port: try #require(receiver.adminPort))
            var odd = WebhookRequest(path: "/a?x=1%202&y", id: "msg_\u{22}1", body: "plain")
            odd.headers = ["Content-Type: text/plain"]
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest.numbered(1).text, odd.text])

            let lines = try await admin.send("GET", "/export").body.split(separator: "\n")
            let numbers = try lines.map {
                try AdminClient.Reply(status: 200, body: String($0)).object()["number"] as? Int
            }
            #expect(numbers == [1, 2])

            let log = try #require(try await admin.send("GET", "/export?format=har").object()["log"] as? [String: Any])
            #expect(log["version"] as? String == "1.2")
            let entries = try #require(log["entries"] as? [[String: Any]])
            #expect(entries.count == 2)
            let request = try #require(entries[1]["request"] as? [String: Any])
            #expect(
                request["method"] as? String == "POST" && request["url"] as? String == "http://receiver/a?x=1%202&y")
            #expect(
                (request["queryString"] as? [[String: String]]) == [
                    ["name": "x", "value": "1 2"], ["name": "y", "value": ""],
                ])
            let content = try #require(request["postData"] as? [String: Any])
            #expect(content["text"] as? String == "plain" && content["mimeType"] as? String == "text/plain")
            #expect((entries[1]["response"] as? [String: Any])?["status"] as? Int == 200)
            // What every HAR reader asks for (HAR 1.2 sections "entries", "request", "response").
            for key in ["startedDateTime", "time", "request", "response", "cache", "timings"] {
                #expect(entries[0][key] != nil, "\(key)")
            }
            for key in ["cookies", "headers", "headersSize", "bodySize", "httpVersion"] {
                #expect(request[key] != nil, "\(key)")
            }

            // None of them may be negative, and together they are the whole (HAR 1.2 section "timings").
            let timings = try #require(entries[0]["timings"] as? [String: Any])
            #expect(timings["send"] as? Int == 0 && timings["wait"] as? Int == 3 && timings["receive"] as? Int == 0)
            #expect(entries[0]["time"] as? Int == 3)

            #expect(try await admin.send("GET", "/export?format=har&path=/none").object()["log"] != nil)
            let wrong = try await admin.send("GET", "/export?format=hra")
            #expect(wrong.status == 400 && wrong.body.contains("did you mean har?"))
        }
    }
}
