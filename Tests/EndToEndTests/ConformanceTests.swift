import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The built `needletail conformance` against the built `needletail serve`.
    @Suite struct ConformanceTests {
        // The deadlines that are waited for are made a second; the frame's own are two.
        @Test func `our server passes every check including the drain, and the report shows it`() async throws {
            var provisioning = ProvisioningFile(tenants: [
                .init(name: "acme"), .init(name: "globex"), .init(name: "asleep", isEnabled: false),
            ])
            provisioning.keys = [.init(name: "tests", text: ProvisioningFile.key, tenants: "[acme, asleep]")]
            var installation = try Installation(provisioning)
            installation.settings = ["NEEDLETAIL_INGEST_HELLO_TIMEOUT": "1s", "NEEDLETAIL_INGEST_IDLE_TIMEOUT": "5s"]
            let server = try await installation.start()
            let junit = installation.folder.path + "/report.xml"
            let run = try ChildProcess(
                ServerExecutable.path,
                [
                    "conformance", "127.0.0.1:\(server.port)", "--tenant", "acme", "--forbidden-tenant", "globex",
                    "--disabled-tenant", "asleep", "--drain-command", "kill -TERM \(server.process.pid)", "--junit",
                    junit,
                ],
                environment: ["NEEDLETAIL_KEY": ProvisioningFile.key])
            let exit = try await run.ended()
            let report = try String(contentsOfFile: junit, encoding: .utf8)
            #expect(exit == .code(0), "\(run.lines) \(report)")
            #expect(report.contains("failures=\"0\""))
            #expect(report.contains("name=\"end-drain: "))
            #expect(report.matches(of: /<testcase\s/).count > 100)
            // It may acknowledge faster than its window of 16 MiB fills.
            #expect(report.matches(of: /<skipped\s/).count <= 2, "\(report)")
            #expect(try await server.process.ended() == .code(0))
        }

        @Test func `a broken clause gives exit code 1, an invalid argument 2`() async throws {
            let server = try await Installation(ProvisioningFile(tenants: [.init(name: "acme")])).start()
            let address = "127.0.0.1:\(server.port)"
            let cases: [([String], Int32, String)] = [
                ([address, "--key", "unknown"], 1, "--key"),
                ([address, "--key", ProvisioningFile.key, "--tenant", "nobody"], 1, "UNKNOWN_TENANT"),
                ([address, "--key", ProvisioningFile.key, "--clause", "99"], 2, "--list"),
                ([address], 2, "--key-file"),
                (["--key", "k"], 2, "no server"),
                // A tenant that is enabled is not answered TENANT_DISABLED: the check must fail.
                (
                    [
                        address, "--key", ProvisioningFile.key, "--tenant", "acme", "--disabled-tenant", "acme",
                        "--clause", "6.8",
                    ], 1, ""
                ),
            ]
            for (arguments, code, text) in cases {
                let run = try ChildProcess(ServerExecutable.path, ["conformance"] + arguments, environment: [:])
                #expect(try await run.ended() == .code(code), "\(arguments): \(run.lines)")
                #expect(text.isEmpty || run.lines.contains { $0.contains(text) }, "\(arguments): \(run.lines)")
            }
            try await server.stop()
        }
    }
}
