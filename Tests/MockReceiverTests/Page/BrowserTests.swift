import Foundation
import MockReceiver
import Testing
import WebhookSigning

private enum Browser {
    static let path = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// The page in a real browser, where the machine has one: Debian's chromium-headless-shell or chromium.
@Suite(
    .timeLimit(.minutes(5)), .enabled(if: Browser.path != nil, "no chromium: apt-get install chromium-headless-shell"))
struct BrowserTests {
    /// The document once its scripts have come to rest, and what the browser complained of.
    private func document(_ url: String) async throws -> (dom: String, complaints: [Substring]) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mock-receiver-browser-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try await CommandRun(
            program: try #require(Browser.path),
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path())",
                "--enable-logging=stderr",
                "--virtual-time-budget=3000", "--dump-dom", url + "?still",
            ])
        return (run.output, run.errors.split(separator: "\n").filter { $0.contains("CONSOLE") })
    }

    @Test func thePageShowsRequests() async throws {
        var configuration = ReceiverConfiguration()
        configuration.adminPort = 0
        configuration.journalCapacity = 100
        let secret = SigningSecret.generate()
        configuration.program = BehaviourProgram(
            rules: [.init(.exact("/flaky"), Behaviour(failFirst: 1))],
            secrets: [.init(.exact("/signed"), try SecretSet([secret]))])
        try await withReceiver(configuration) { receiver in
            let port = try #require(receiver.adminPort)
            let requests = [
                WebhookRequest(path: "/flaky", id: "msg_1"), WebhookRequest(path: "/flaky", id: "msg_1"),
                WebhookRequest(path: "/signed", id: "msg_2"), WebhookRequest(path: "/<b>bold</b>", id: "<img src=x>"),
            ]
            _ = try await RawClient.statuses(from: receiver.port, requests.map(\.text))
            let inbox = try #require(receiver.openInbox())
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest(path: inbox.path, id: "msg_3").text])

            let overview = try await document("http://127.0.0.1:\(port)/")
            #expect(overview.complaints.isEmpty)
            #expect(overview.dom.contains("<p id=\"state\" role=\"status\">still</p>"), "\(overview.dom)")
            #expect(overview.dom.components(separatedBy: ">msg_1</button>").count == 3)
            #expect(
                overview.dom.contains("<td class=\"bad\">503</td>")
                    && overview.dom.contains("<td class=\"good\">200</td>"))
            #expect(overview.dom.contains("<strong class=\"bad\">missing</strong>"))
            // Received text is text.
            #expect(overview.dom.contains("&lt;img src=x&gt;") && !overview.dom.contains("<img"))
            #expect(
                overview.dom.contains("<dt>requests</dt><dd>5</dd>") && overview.dom.contains(">ssrf-redirect</option>")
            )

            let page = try await document("http://127.0.0.1:\(port)/inbox/\(inbox.token)")
            #expect(page.complaints.isEmpty)
            #expect(
                page.dom.contains("http://127.0.0.1:\(receiver.port)\(inbox.path)") && page.dom.contains("1 received."))
            #expect(page.dom.contains("msg_3") && page.dom.contains("\"order\": 1"))
        }
    }
}
