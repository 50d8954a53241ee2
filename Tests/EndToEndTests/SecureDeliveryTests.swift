import Foundation
import IngestClient
import MockReceiver
import Store
import TestSupport
import Testing
import WebhookModel
import WebhookSigning

extension EndToEnd {
    /// Over HTTPS, to a receiver with an authority of its own.
    @Suite struct SecureDeliveryTests {
        /// Runs `body` with a receiver that has an HTTPS port, and with the lines that make an endpoint trust it.
        private func withSecureReceiver(
            _ rules: [BehaviourProgram.Rule] = [], _ faults: ConnectionRule...,
            body: (ReceiverServer, _ url: String, _ trust: [String], TemporaryDirectory) async throws -> Void
        ) async throws {
            var program = BehaviourProgram(
                rules: rules, secrets: [.init(.all, try SecretSet(written: [Sample.secret]))])
            program.connections = faults
            var configuration = ReceiverConfiguration()
            configuration.program = program
            configuration.tlsPort = 0
            configuration.messageCap = 1_000
            let folder = TemporaryDirectory()
            let receiver = try await ReceiverServer.start(configuration)
            do {
                try write(try #require(receiver.authorityCertificate), to: folder.path + "/ca.pem")
                let url = "https://127.0.0.1:\(try #require(receiver.tlsPort))/in"
                try await body(receiver, url, ["secret: \(Sample.secret)", "ca_file: \(folder.path)/ca.pem"], folder)
            } catch {
                try await receiver.stop()
                throw error
            }
            try await receiver.stop()
        }

        private func write(_ text: String, to path: String) throws {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }

        @Test(arguments: [false, true])
        func `a batch is delivered, with HTTP 1 and HTTP 2`(http2: Bool) async throws {
            let program: [BehaviourProgram.Rule] = [
                .init(.exact("/spoilt"), Behaviour(reply: .fault(.badStatusLine, Answer()))),
                .init(.all, Behaviour(delay: 20)),
            ]
            try await withSecureReceiver(program) { receiver, url, trust, _ in
                let more = trust + ["http2: \(http2)"]
                let installation = try Installation(
                    ProvisioningFile(
                        .init(name: "spoilt", url: url.replacing("/in", with: "/spoilt"), delays: "1h", more: more),
                        .init(url: url, more: more)))
                let server = try await installation.start()
                _ = try await server.connect().publish(Events.batch(1..<9))
                #expect(await receiver.missing((1..<9).map(Events.id), path: "/in") == [])
                await receiver.expectRequests(16)
                try await server.stop()
                let totals = receiver.stats().totals
                #expect(totals.count(of: .valid) == totals.requests && totals.duplicates == 0 && totals.abandoned == 0)
                // Only HTTP/1.1 has a status line to spoil; HTTP/2's stream is reset.
                let row = try #require(try StoredDeliveries.attempts(installation.data).first)
                #expect(row.outcome == (http2 ? .connectionReset : .answerMalformed))
                #expect(row.phases.secured > row.phases.connected)
            }
        }

        @Test func `a receiver that asks for a client certificate gets the endpoint's`() async throws {
            try await withSecureReceiver([], ConnectionRule(.tlsClientCertificate)) { receiver, url, trust, folder in
                let identity = try #require(try receiver.issueClientCertificate("needletail"))
                try write(identity.certificate, to: folder.path + "/client.pem")
                try write(identity.key, to: folder.path + "/client.key")
                let shown = [
                    "client_certificate_file: \(folder.path)/client.pem", "client_key_file: \(folder.path)/client.key",
                ]
                let server = try await Installation(ProvisioningFile(.init(url: url, more: trust + shown))).start()
                _ = try await server.connect().publish(Events.event(1))
                #expect(await receiver.missing([Events.id(1)], path: "/in") == [])
                try await server.stop()
                #expect(receiver.stats().connectionsEver == 1)
            }
        }

        @Test(arguments: [
            (ConnectionFault.tlsExpired, Outcome.certificateExpired), (.tlsWrongHost, .certificateWrongHost),
            (.tlsSelfSigned, .certificateUntrusted), (.tlsOldVersion, .tlsHandshakeFailed),
            (.tlsClientCertificate, .clientCertificateRefused),
        ])
        func
            `a receiver with a TLS fault gets no request, the attempt record has the reason, and the next attempt delivers`(
                fault: ConnectionFault, outcome: Outcome
            ) async throws
        {
            try await withSecureReceiver([], ConnectionRule(fault, connections: 1...1)) { receiver, url, trust, _ in
                let installation = try Installation(ProvisioningFile(.init(url: url, more: trust)))
                let server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1))
                #expect(await receiver.missing([Events.id(1)], path: "/in") == [])
                try await server.stop()
                #expect(receiver.stats().totals.requests == 1)
                let rows = try StoredDeliveries.attempts(installation.data)
                #expect(rows.map(\.outcome) == [outcome, .delivered] && rows.map(\.status) == [0, 200])
            }
        }
    }
}
