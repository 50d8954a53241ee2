import Foundation
import IngestClient
import MockReceiver
import TestSupport
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite struct BatchDeliveryTests {
        private func ids(_ entry: JournalEntry) -> [String] {
            let array = try? JSONSerialization.jsonObject(with: Data(entry.body)) as? [[String: Any]]
            return (array ?? []).compactMap { $0["id"] as? String }
        }

        @Test func `a batch is one signed array, and its retry has the same bytes and id`() async throws {
            try await withReceiver([.init(.all, Behaviour(failFirst: 1))]) { receiver in
                let endpoint = ProvisioningFile.Endpoint(
                    url: receiver.url("/in"),
                    more: ["secret: \(Sample.secret)", "batch: { max_events: 4, max_wait_seconds: 0.2 }"])
                let installation = try Installation(ProvisioningFile(endpoint))
                let server = try await installation.start()
                _ = try await server.connect().publish(Events.batch(1..<11))
                // Ten events: two batches of four, and two that had to wait. Each is sent twice.
                await receiver.expectRequests(6)
                try await server.stop()
                let end = try #require(try await server.process.line(with: "needletail ended"))
                #expect(end.contains("delivered=10") && end.contains("pending=0"), "\(end)")

                let byID = Dictionary(grouping: receiver.journal(), by: \.id)
                #expect(byID.count == 3 && byID.values.allSatisfy { $0.count == 2 && $0[0].body == $0[1].body })
                #expect(byID.keys.allSatisfy { $0.hasPrefix("bat_") && $0.utf8.count == 36 })
                let entries = byID.values.map { $0[0] }
                #expect(entries.map { ids($0).count }.sorted() == [2, 4, 4])
                #expect(entries.flatMap(ids).sorted() == (1...10).map { Events.id($0).webhookID }.sorted())
                for entry in receiver.journal() {
                    #expect(entry.verdict == .valid && entry.headers["content-type"] == "application/json")
                }
                #expect(receiver.stats().totals.duplicates == 0)
            }
        }

        @Test func `a killed server sends the same batches again`() async throws {
            let rule = BehaviourProgram.Rule(.all, Behaviour(reply: .answer(Answer(status: 503))))
            try await withReceiver([rule]) { receiver in
                let endpoint = ProvisioningFile.Endpoint(
                    url: receiver.url("/in"), delays: [String](repeating: "50ms", count: 90).joined(separator: ", "),
                    more: ["secret: \(Sample.secret)", "batch: { max_events: 5, max_wait_seconds: 60 }"])
                let installation = try Installation(ProvisioningFile(endpoint))
                var server = try await installation.start()
                _ = try await server.connect().publish(Events.batch(1..<11))
                await receiver.expectRequests(2)
                server.process.send(SIGKILL)
                _ = try await server.process.ended()
                let before = Set(receiver.journal().map(\.id))
                let count = receiver.stats().totals.requests
                server = try await installation.start()
                await receiver.expectRequests(count + 2)
                try await server.stop()
                let all = Dictionary(grouping: receiver.journal(), by: \.id)
                #expect(Set(all.keys) == before && before.count == 2)
                #expect(all.values.allSatisfy { attempts in attempts.allSatisfy { $0.body == attempts[0].body } })
                #expect(all.values.map { ids($0[0]).count } == [5, 5])
            }
        }
    }
}
