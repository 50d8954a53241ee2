import Foundation
import IngestClient
import LoadTest
import TestSupport

/// The files and ports of one crash loop.
struct Site {
    let folder = TemporaryDirectory()
    let ingestPort: Int
    let receiverPort: Int
    let provisioning: String
    static let key = "nt_crash_tests_key"

    init() async throws {
        ingestPort = try await FreePort.choose()
        receiverPort = try await FreePort.choose()
        provisioning = folder.path + "/provision.yaml"
        _ = try writeProvisioning("provision.yaml", receiverPort: receiverPort)
    }

    /// Ten tenants with an endpoint each. Retries come soon: the run waits for them.
    ///
    /// - Parameter events: which types the endpoints want.
    func writeProvisioning(_ name: String, receiverPort: Int, events: String = "*") throws -> String {
        let text = """
            tenants:
              - name: "tenant-{n}"
                repeat: 10
                endpoints:
                  - name: receiver
                    url: "http://127.0.0.1:\(receiverPort)/{n}"
                    events: ["\(events)"]
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
            "--data", folder.path + "/data", "--ingest-port", "\(ingestPort)", "--no-api", "--allow-http",
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
