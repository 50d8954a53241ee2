import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The management API of the built server.
    @Suite struct ManagementTests {
        @Test func `a start with a data directory alone gives a key that may manage`() async throws {
            var installation = try Installation(ProvisioningFile(tenants: []))
            installation.provisions = false
            let server = try await installation.start()
            let path = installation.data + "/admin-key"
            let key = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            #expect(server.process.lines.contains { $0.contains("path=\(path)") })
            #expect(!server.process.lines.contains { $0.contains(key) })
            let tenants = try await HTTPCall.send("GET", "/api/v1/tenants", port: server.apiPort, key: key)
            #expect(tenants.status == 200 && tenants.body == #"{"data":[],"next":null}"#)
            let metrics = try await HTTPCall.send("GET", "/metrics", port: server.apiPort, key: key)
            #expect(metrics.status == 200 && metrics.body.contains("\nneedletail_commits_total "))
            try await server.stop()

            // The next start finds it, and makes no other one.
            let again = try await installation.start()
            #expect(!again.process.lines.contains { $0.contains("an API key that may manage was made") })
            #expect(try await HTTPCall.send("GET", "/api/v1/tenants", port: again.apiPort, key: key).status == 200)
            try await again.stop()
        }

        @Test func `a key of the provisioning file that may manage is enough`() async throws {
            var file = ProvisioningFile(tenants: [])
            file.keys[0].more = ", scopes: [manage]"
            let installation = try Installation(file)
            let server = try await installation.start()
            #expect(!FileManager.default.fileExists(atPath: installation.data + "/admin-key"))
            let answer = try await HTTPCall.send(
                "GET", "/api/v1/tenants", port: server.apiPort, key: ProvisioningFile.key)
            #expect(answer.status == 200)
            try await server.stop()
        }

        @Test func `the port file holds the port, and without the API there is neither`() async throws {
            let installation = try Installation(ProvisioningFile(tenants: []))
            let path = installation.folder.path + "/api-port"
            let server = try await installation.start(["--api-port-file", path])
            try await server.stop()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(server.apiPort)\n")

            let other = try Installation(ProvisioningFile(tenants: []))
            let silent = try await other.start(["--no-api"])
            #expect(silent.apiPort == 0 && !FileManager.default.fileExists(atPath: other.data + "/admin-key"))
            try await silent.stop()
        }

        @Test func `the command prints what the server describes`() async throws {
            let command = try ChildProcess(ServerExecutable.path, ["openapi"], environment: [:], readsOutput: true)
            #expect(try await command.ended() == .code(0))
            let server = try await Installation(ProvisioningFile(tenants: [])).start()
            let answer = try await HTTPCall.send("GET", "/openapi.json", port: server.apiPort)
            #expect(command.lines == [answer.body])
            #expect(try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) is [String: Any])
            try await server.stop()
        }
    }
}
