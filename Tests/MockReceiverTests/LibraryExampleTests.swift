import Foundation
import MockReceiver
import Testing

@Suite(.timeLimit(.minutes(5))) struct LibraryExampleTests {
    /// The sender of the example: it tries each message until it is taken.
    private func deliver(to port: Int) async throws {
        for number in 0..<3 as Range<UInt64> {
            // A reset connection gives no status.
            while try await RawClient.statuses(from: port, [WebhookRequest.numbered(number).text]) != [200] {}
        }
    }

    @Test func theExampleOfTheDocumentation() async throws {
        // Begin
        var configuration = ReceiverConfiguration()
        configuration.journalCapacity = 100
        configuration.program = try ProgramFile.parse(try Cookbook.text("flaky=50"))
        let receiver = try await ReceiverServer.start(configuration)

        // … have the sender deliver to http://127.0.0.1:\(receiver.port)/orders …
        try await deliver(to: receiver.port)

        let came = await receiver.wait(for: .accepted(3), timeout: .seconds(20))
        #expect(came)
        let report = receiver.verify([
            Assertion(.accepted, 3, path: PathPattern("/orders")),
            Assertion(.duplicates, 0),
            Assertion(.unverified, 0),
        ])
        #expect(report.holds, "\(report)")
        try await receiver.stop()
        // End
    }

    /// Line by line, but for the sender's own.
    @Test func theDocumentationShowsIt() throws {
        let checkout = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let page = try String(
            contentsOf: checkout.appending(path: "MockReceiver/Library/MockReceiver.docc/Testing.md"), encoding: .utf8)
        let code = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
        let shown = try #require(page.firstMatch(of: /```swift\n(?s)(.*?)```/)).1.split(separator: "\n")
        let example = try #require(code.firstMatch(of: /\/\/ Begin\n(?s)(.*?)\/\/ End/)).1.split(separator: "\n")
        let run = example.map { $0.trimmingCharacters(in: .whitespaces) }.filter {
            !$0.isEmpty && !$0.contains("deliver(to:")
        }
        #expect(shown.map { $0.trimmingCharacters(in: .whitespaces) } == run)
    }
}
