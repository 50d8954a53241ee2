import Foundation
import IngestClient
import MockReceiver
import TestSupport
import Testing
import WireProtocol

extension EndToEnd {
    /// F2 and F3: what a provisioning file does not name any more.
    @Suite struct RemovalTests {
        private let delays = [String](repeating: "300ms", count: 90).joined(separator: ", ")

        @Test func `what waits for an endpoint survives a rename and back`() async throws {
            let down = BehaviourProgram.Rule(.exact("/down"), Behaviour(reply: .answer(Answer(status: 503))))
            try await withReceiver([down]) { receiver in
                func file(_ name: String, _ path: String) -> ProvisioningFile {
                    ProvisioningFile(.init(name: name, url: receiver.url(path), delays: delays))
                }
                let installation = try Installation(file("hook", "/down"))
                let server = try await installation.start()
                _ = try await server.connect().publish(Events.batch(1..<51))
                // Then the breaker opens.
                #expect(await receiver.wait(for: .requests(10), timeout: .seconds(10)))
                try installation.provision(file("renamed", "/renamed"))
                server.process.send(SIGHUP)
                let line = try await server.process.line(with: "an endpoint was removed")
                for word in ["warning", "tenant=acme", "endpoint=hook", "waiting=50"] {
                    #expect(line?.contains(word) == true, "\(line ?? "")")
                }
                try installation.provision(file("hook", "/up"))
                server.process.send(SIGHUP)
                #expect(await receiver.missing((1...50).map { Events.id($0) }, path: "/up") == [])
                try await server.stop()
                #expect(receiver.accepted("/renamed") == 0)
            }
        }

        @Test func `a file that was cut off changes nothing, at SIGHUP and at the start`() async throws {
            let file = ProvisioningFile(.init(name: "one", url: "http://127.0.0.1:9/"))
            let installation = try Installation(file)
            let server = try await installation.start()
            let text = file.text
            for end in ["endpoints:", "api_keys:"] {
                let cut = text[..<text.range(of: end)!.upperBound]
                try installation.write(String(cut) + "\n", to: installation.provisioning)
                server.process.send(SIGHUP)
                let line = try await server.process.line(with: "\(end.dropLast()) is empty")
                #expect(line?.contains("provisioning not applied") == true, "\(line ?? "")")
            }
            let receipt = try await server.connect().publish(Events.event(1))
            #expect(receipt.status == .accepted)
            try await server.stop()
            let process = try installation.launch()
            #expect(try await process.ended() == .code(1))
        }

        @Test func `a file that removes more than half needs the operator's word`() async throws {
            let endpoints = (0..<4).map { ProvisioningFile.Endpoint(name: "e\($0)", url: "http://127.0.0.1:9/") }
            var file = ProvisioningFile(tenants: [.init(endpoints: endpoints)])
            file.keys.append(.init(name: "second", text: "nt_the_second_key"))
            let installation = try Installation(file)
            var server = try await installation.start()
            file.tenants[0].endpoints = [endpoints[0]]
            try installation.provision(file)
            server.process.send(SIGHUP)
            let line = try await server.process.line(with: "provisioning not applied")
            #expect(
                line?.contains("3 of 4 endpoints (acme/e1, acme/e2, acme/e3)") == true
                    && line?.contains("--allow-removal") == true, "\(line ?? "")")
            try await server.stop()

            // The same at a start, and in the check.
            let process = try installation.launch()
            #expect(try await process.ended() == .code(1))
            #expect(process.lines.contains { $0.contains("3 of 4 endpoints") }, "\(process.lines)")
            var check = try self.check(installation)
            #expect(try await check.ended() == .code(1))
            #expect(check.lines.contains { $0.contains("endpoint \"acme/e3\" is removed") }, "\(check.lines)")
            check = try self.check(installation, ["--allow-removal"])
            #expect(try await check.ended() == .code(0))

            server = try await installation.start(["--allow-removal"])
            #expect(try await server.process.line(with: "an endpoint was removed") != nil)
            // All keys.
            file.keys = []
            try installation.provision(file)
            try await server.stop()
            let refused = try installation.launch()
            #expect(try await refused.ended() == .code(1))
            #expect(refused.lines.contains { $0.contains("2 of 2 API keys (second, tests)") }, "\(refused.lines)")
        }

        private func check(_ installation: Installation, _ more: [String] = []) throws -> ChildProcess {
            try ChildProcess(
                ServerExecutable.path,
                ["provision", "check", installation.provisioning, "--allow-http", "--data", installation.data]
                    + installation.networks.flatMap { ["--allow-network", $0] } + more,
                environment: [:], readsOutput: true)
        }
    }
}
