import Foundation
import MockReceiver
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct JournalFileTests {
    private func configuration(_ file: String) -> ReceiverConfiguration {
        var configuration = ReceiverConfiguration()
        configuration.messageCap = 1_000
        configuration.journalFile = file
        return configuration
    }

    private func lines(_ file: String) throws -> [[String: Any]] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test func keepsEveryRequestCompletelyAndAppends() async throws {
        let directory = TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let file = directory.path + "/journal.ndjson"
        let body = String(repeating: "long ", count: 4_000)
        for run in 1...2 {
            var configuration = configuration(file)
            // The ring holds less, and shorter.
            configuration.journalCapacity = 2
            configuration.journalExcerptBytes = 16
            try await withReceiver(configuration) { receiver in
                var request = WebhookRequest(path: "/a")
                request.body = body
                try await expectStatuses(
                    [200, 200, 200], from: receiver.port, [String](repeating: request.text, count: 3))
                #expect(receiver.journal().map(\.body.count) == [16, 16])
                #expect(receiver.stats().journalShortfall.requests == 0)
            }
            let lines = try lines(file)
            #expect(lines.count == 3 * run)
            #expect(
                lines.allSatisfy {
                    $0["body"] as? String == body && ($0["head"] as? String)?.hasSuffix("\r\n\r\n") == true
                })
            #expect(lines.map { $0["attempt"] as? Int } == [Int]((0..<run).flatMap { _ in [1, 2, 3] }))
        }
        let mode = try #require(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int)
        #expect(mode == 0o600)
    }

    @Test func worksWithoutTheRing() async throws {
        let directory = TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let file = directory.path + "/journal.ndjson"
        try await withReceiver(configuration(file)) { receiver in
            try await expectStatuses([200], from: receiver.port, [WebhookRequest().text])
            #expect(receiver.journal().isEmpty)
        }
        #expect(try lines(file).count == 1)
    }

    @Test func aFullDiskDoesNotDelayRequests() async throws {
        try await withReceiver(configuration("/dev/full")) { receiver in
            let requests = [String](repeating: WebhookRequest().text, count: 5)
            try await expectStatuses([200, 200, 200, 200, 200], from: receiver.port, requests)
            try await eventually { receiver.stats().journalShortfall.requests == 5 }
            #expect(receiver.stats().journalShortfall.reason == "No space left on device")
        }
    }

    @Test func reportsAFileThatCannotBeOpened() async throws {
        let file = "/nowhere/at/all"
        await #expect(throws: JournalFileError.self) { try await withReceiver(configuration(file)) { _ in } }
        let run = try await CommandRun(["--port", "0", "--admin-port", "0", "--journal-file", file])
        #expect(run.status == 1 && run.errors.contains("cannot append to \(file): No such file or directory"), "\(run)")
    }
}
