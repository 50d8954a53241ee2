import ArgumentParser
import Foundation
import IngestClient
import LoadTest

/// `load-test client`.
struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "How fast the Swift client publishes: calls that await durable receipts, over one connection.",
        discussion: """
            Each of --calls tasks publishes a batch, awaits its receipts, and continues, as a service does. Events are of type \
            unmatched.tested, which no prepared endpoint wants, so that ingest alone is measured.

            EXAMPLE
              load-test client --api-key KEY --batch 100 --calls 32 --seconds 5
            """)

    @Option(help: "The dispatcher: HOST:PORT or unix:PATH.") var server = "127.0.0.1:7400"
    @Option(help: "API key for the tenants. Or set NEEDLETAIL_KEY.") var apiKey: String?
    @Option(help: "Events per call, and per frame.") var batch = 100
    @Option(help: "Calls under way at once.") var calls = 32
    @Option(help: "Seconds of load.") var seconds = 5.0
    @Option(help: "Tenants, in turn.") var tenants = 100
    @Option(help: "Prefix of tenant names: tenant-000, tenant-001, …") var tenantPrefix = "tenant-"
    @Option(help: "Type of the events.") var eventType = "unmatched.tested"
    @Option(help: "Bytes of a payload.") var payloadBytes = 512

    func run() async throws {
        guard let address = ServerAddress(server) else {
            throw ValidationError("--server: invalid value \"\(server)\"; expected HOST:PORT or unix:PATH")
        }
        guard let key = apiKey ?? ProcessInfo.processInfo.environment["NEEDLETAIL_KEY"] else {
            throw ValidationError("no API key: set --api-key KEY or NEEDLETAIL_KEY")
        }
        guard batch > 0, calls > 0, seconds > 0, tenants > 0, payloadBytes >= Workload.leastPayloadBytes else {
            throw ValidationError(
                "expected --batch, --calls, --seconds and --tenants above 0, --payload-bytes \(Workload.leastPayloadBytes) or more"
            )
        }
        var settings = PublisherSettings(servers: [address], apiKey: key)
        settings.clientName = "load-test"
        let workload = Workload(
            tenants: tenants, tenantPrefix: tenantPrefix, eventType: eventType, payloadBytes: payloadBytes)
        var plan = ClientPlan(publisher: settings, workload: workload)
        plan.batch = batch
        plan.calls = calls
        plan.seconds = seconds
        let report = try await ClientRun(plan: plan).run()
        print(report.text(plan))
        guard report.notStored + report.failedCalls == 0 else { throw ArgumentParser.ExitCode(4) }
    }
}
