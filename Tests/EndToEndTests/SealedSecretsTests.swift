import Foundation
import IngestClient
import MockReceiver
import TestSupport
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite struct SealedSecretsTests {
        private let oldKey = Data(repeating: 7, count: 32).base64EncodedString()
        private let newKey = Data(repeating: 9, count: 32).base64EncodedString()
        private let token = "Bearer very-secret-token"

        private func installation(_ url: String) throws -> Installation {
            let header = #"headers: { Authorization: "\#(token)" }"#
            return try Installation(ProvisioningFile(.init(url: url, more: ["secret: \(Sample.secret)", header])))
        }

        private func isPlain(_ installation: Installation) throws -> Bool {
            let data = try Data(contentsOf: URL(filePath: installation.data + "/data.mdb"))
            return [Sample.secret, token].contains { data.range(of: Data($0.utf8)) != nil }
        }

        @Test func `with a master key no secret reaches the disk, and messages are signed as before`() async throws {
            try await withReceiver { receiver in
                var installation = try installation(receiver.url("/in"))
                installation.settings["NEEDLETAIL_MASTER_KEY"] = oldKey
                var server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1))
                await receiver.expectRequests(1)
                try await server.stop()
                #expect(try !isPlain(installation))
                #expect(
                    !server.process.lines.contains {
                        $0.contains("in plaintext") || $0.contains(Sample.secret) || $0.contains(token)
                    })

                // Another start opens what the first one sealed, and has nothing to seal again.
                server = try await installation.start()
                _ = try await server.connect().publish(Events.event(2))
                await receiver.expectRequests(2)
                try await server.stop()
                #expect(!server.process.lines.contains { $0.contains("secrets sealed") })
                #expect(receiver.stats().totals.count(of: .valid) == 2)
                #expect(receiver.journal().allSatisfy { $0.headers["authorization"] == token })
            }
        }

        @Test func `a start seals secrets that were stored in clear, and seals them again after a change of keys`()
            async throws
        {
            try await withReceiver { receiver in
                var installation = try installation(receiver.url("/in"))
                var server = try await installation.start()
                try await server.stop()
                #expect(server.process.lines.contains { $0.contains("secrets are stored in plaintext") })
                #expect(try isPlain(installation))

                for name in ["old", "new"] {
                    try installation.write(
                        name == "old" ? oldKey + "\n" : newKey, to: installation.folder.path + "/" + name)
                }
                let file = { installation.folder.path + "/" + $0 }
                installation.settings["NEEDLETAIL_SECRETS_MASTER_KEY_FILE"] = file("old")
                server = try await installation.start()
                try await server.stop()
                #expect(
                    server.process.lines.contains { $0.contains("secrets sealed under the master key endpoints=1") })

                installation.settings["NEEDLETAIL_SECRETS_MASTER_KEY_FILE"] = file("new")
                try await expectRefusal(installation, "is sealed under the master key ")
                installation.settings["NEEDLETAIL_SECRETS_PREVIOUS_MASTER_KEY_FILES"] = file("old")
                server = try await installation.start()
                try await server.stop()
                #expect(
                    server.process.lines.contains { $0.contains("secrets sealed under the master key endpoints=1") })

                installation.settings["NEEDLETAIL_SECRETS_PREVIOUS_MASTER_KEY_FILES"] = nil
                server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1))
                await receiver.expectRequests(1)
                try await server.stop()
                #expect(receiver.stats().totals.count(of: .valid) == 1)

                installation.settings["NEEDLETAIL_SECRETS_MASTER_KEY_FILE"] = nil
                try await expectRefusal(installation, "is sealed; set the master key")
            }
        }

        private func expectRefusal(_ installation: Installation, _ words: String) async throws {
            let process = try installation.launch()
            #expect(try await process.ended() == .code(1))
            #expect(process.lines.contains { $0.contains(words) }, "\(process.lines)")
        }
    }
}
