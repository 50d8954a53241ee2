import MockReceiver
import Sender
import TestSupport
import Testing
import WebhookModel
import WebhookSigning

/// Messages as sent, verified by the mock receiver with its own verifier.
@Suite("Messages", .timeLimit(.minutes(5)))
struct MessageTests {
    @Test("every message is complete, signed and sent once", arguments: [0, 1, 512, 70_000, Limits.payloadBytes])
    func signed(size: Int) async throws {
        try await withReceiver(secrets: [Sample.secret]) { receiver in
            try await SenderBench.run { bench in
                let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                bench.offer(1...40, to: .local(receiver.port), payload: payload)
                #expect(await bench.reports(40).allSatisfy { $0.outcome == .delivered })
                let account = try #require(receiver.account(of: Sample.event(7).id, path: "/hook"))
                #expect(account.bodyHash == BodyHash.of(payload))
                #expect(account.attempts == 1)
            }
            let totals = receiver.stats().totals
            #expect(totals.requests == 40)
            #expect(totals.count(of: .valid) == 40)
            #expect(totals.duplicates == 0)
        }
    }

    @Test("every live secret signs")
    func rotation() async throws {
        let old = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        try await withReceiver(secrets: [old]) { receiver in
            try await SenderBench.run { bench in
                let endpoint = Sample.endpoint(
                    url: "http://127.0.0.1:\(receiver.port)/hook", secrets: [Sample.secret, old])
                #expect(await bench.deliver(to: endpoint).outcome == .delivered)
            }
            #expect(receiver.stats().totals.count(of: .valid) == 1)
        }
    }

    @Test("one handle serves endpoints with different secrets and hosts one after the other")
    func alternating() async throws {
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        let server = try await RawServer.start { _, _ in .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        try await withReceiver(secrets: [Sample.secret]) { receiver in
            try await SenderBench.run { bench in
                for position in UInt64(1)...10 {
                    _ = await bench.deliver(position, to: .local(receiver.port))
                    _ = await bench.deliver(
                        position,
                        to: Sample.endpoint(2, url: "http://127.0.0.1:\(server.port)/two", secrets: [other, other]))
                }
            }
            #expect(receiver.stats().totals.count(of: .valid) == 10)
        }
        #expect(server.requests.allSatisfy { $0.contains("POST /two ") })
        await server.stop()
    }

    @Test("the head has the expected fields and none that libcurl adds")
    func head() async throws {
        let server = try await RawServer.start { _, _ in .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        try await SenderBench.run { bench in _ = await bench.deliver(to: .local(server.port)) }
        let request = try #require(server.requests.first)
        let lines = request.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        let names = lines.dropFirst().prefix { !$0.isEmpty }.map { $0.split(separator: ":")[0].lowercased() }
        #expect(
            Set(names) == [
                "host", "accept", "webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent",
                "content-length",
            ])
        #expect(names.count == 8)
        #expect(lines.contains("webhook-id: \(Sample.event(1).id.webhookID)"))
        #expect(lines.contains("User-Agent: Needletail/test"))
        #expect(lines.contains("Content-Type: application/json"))
        #expect(request.hasSuffix("\r\n\r\n{}"))
        await server.stop()
    }

    private func withReceiver(secrets: [String], _ body: (ReceiverServer) async throws -> Void) async throws {
        var configuration = ReceiverConfiguration()
        configuration.program.secrets = [BehaviourProgram.SecretRule(.all, try SecretSet(written: secrets))]
        let receiver = try await ReceiverServer.start(configuration)
        do {
            try await body(receiver)
            try await receiver.stop()
        } catch {
            try await receiver.stop()
            throw error
        }
    }
}
