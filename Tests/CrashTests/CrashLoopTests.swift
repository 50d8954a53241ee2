import Foundation
import IngestClient
import LoadTest
import TestSupport
import Testing

/// The real server, killed under load; the ledgers of producer and receiver are compared at the end.
@Suite(.serialized, .timeLimit(.minutes(2))) struct CrashLoopTests {
    @Test func `nothing acknowledged is lost by a kill`() async throws {
        let site = try await Site()
        var plan = CrashPlan(run: site.run, serverCommand: site.command(["serve"] + site.flags(site.provisioning)))
        plan.kills = 5
        plan.gapSeconds = 0.2...0.8
        let report = try await CrashLoop(plan: plan).run(site)
        #expect(report.kills?.count == 5)
        #expect(report.acked > 500)
        #expect(report.lost == 0, "\(report.lostExamples)")
        #expect((report.corrupt, report.unverifiedSignatures, report.phantom) == (0, 0, 0))
        #expect((report.pending, report.unanswered) == (0, 0))
        #expect(report.exitCode == 0, "\(report.reasons)")
    }

    // A check that cannot fail proves nothing: here the store is thrown away between two starts.
    @Test func `a store that is lost is found out`() async throws {
        let site = try await Site()
        // Nobody listens there: what the first start acknowledges stays with it.
        let nowhere = try site.writeProvisioning("nowhere.yaml", receiverPort: try await FreePort.choose())
        let script = """
            if [ -e "$0/data" ]; then rm -r "$0/data"; file="$0/provision.yaml"; else file="\(nowhere)"; fi
            exec "\(ServerExecutable.path)" serve "$@" --provision "$file"
            """
        let command = ["sh", "-c", script, site.folder.path] + site.flags(nil)
        var plan = CrashPlan(run: site.run, serverCommand: site.command(command, isScript: true))
        plan.kills = 1
        plan.gapSeconds = 0.4...0.4
        plan.run.drainSeconds = 2
        let report = try await CrashLoop(plan: plan).run(site)
        #expect(report.lost > 100)
        #expect(report.lost < report.acked)
        #expect(report.lostExamples.count == 5)
        #expect(report.exitCode == 4)
    }
}

extension CrashLoop {
    /// Runs without a view.
    fileprivate func run(_ site: Site) async throws -> Report {
        var view = LiveView(isTerminal: false) { _ in }
        return try await run(view: &view)
    }
}

/// The files and ports of one crash loop.
private struct Site {
    let folder = TemporaryDirectory()
    let ingestPort: Int
    let receiverPort: Int
    let provisioning: String
    private static let key = "nt_crash_tests_key"

    init() async throws {
        ingestPort = try await FreePort.choose()
        receiverPort = try await FreePort.choose()
        provisioning = folder.path + "/provision.yaml"
        _ = try writeProvisioning("provision.yaml", receiverPort: receiverPort)
    }

    /// Ten tenants with an endpoint each. Retries come soon: the run waits for them.
    func writeProvisioning(_ name: String, receiverPort: Int) throws -> String {
        let text = """
            tenants:
              - name: "tenant-{n}"
                repeat: 10
                endpoints:
                  - name: receiver
                    url: "http://127.0.0.1:\(receiverPort)/{n}"
                    secret: \(Sample.secret)
                    retry: { delays: [200ms, 500ms, 1s, 2s, 2s] }
            api_keys:
              - { name: tests, key: \(Site.key), tenants: all }

            """
        let path = folder.path + "/" + name
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    var run: RunPlan {
        var plan = RunPlan(server: ConnectionSettings(port: ingestPort, apiKey: Site.key))
        plan.rate = 1_000
        plan.workload.tenants = 10
        plan.drainSeconds = 20
        var receiver = EmbeddedReceiverPlan()
        receiver.port = receiverPort
        receiver.secrets = [("*", Sample.secret)]
        plan.receiver = .embedded(receiver)
        return plan
    }

    func flags(_ provisioning: String?) -> [String] {
        let flags = [
            "--data", folder.path + "/data", "--ingest-port", "\(ingestPort)", "--allow-http",
            "--allow-network", "127.0.0.0/8", "--sender-threads", "1", "--log-level", "warning",
        ]
        return flags + (provisioning.map { ["--provision", $0] } ?? [])
    }

    /// For `env`, without what the developer's shell sets for servers.
    func command(_ words: [String], isScript: Bool = false) -> [String] {
        let unwanted = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("NEEDLETAIL_") }
        return unwanted.flatMap { ["-u", $0] } + (isScript ? [] : [ServerExecutable.path]) + words
    }
}
