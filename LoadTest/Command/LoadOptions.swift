import ArgumentParser
import Foundation
import IngestClient
import LoadTest

/// What all runs have in common: the server, the events, and the receiver.
struct LoadOptions: ParsableArguments {
    @Option(help: "The dispatcher's ingest host.") var host = "127.0.0.1"
    @Option(help: "The dispatcher's ingest port.") var port = 7400
    @Option(help: "Host and port: HOST:PORT.") var target: String?
    @Option(help: "API key for the tenants. Or set NEEDLETAIL_KEY.") var apiKey: String?

    @Option(help: "Events a second.") var rate = 1_000.0
    @Option(help: "Intended times: constant or poisson.") var arrivals = ArrivalPattern.constant
    @Option(help: "Tenants, in turn.") var tenants = 100
    @Option(help: "Prefix of tenant names: tenant-000, tenant-001, …") var tenantPrefix = "tenant-"
    @Option(help: "Type of the events.") var eventType = "load.tested"
    @Option(help: "Bytes of a payload.") var payloadBytes = 512
    @Option(help: "Connections to the dispatcher.") var connections = 1
    @Option(help: "The most events of a frame. At a low rate each event is sent alone, at its time.") var batch = 100
    @Option(help: "The most unacknowledged events of a connection, if fewer than the server allows are wanted.")
    var window: Int?
    @Option(help: "The same seed gives the same arrivals, payloads and failures.") var seed: UInt64 = 1

    @Option(help: "The receiver: embedded, none, or a mock receiver's admin port as http://host:port (counts only).")
    var receiver = "embedded"
    @Flag(help: "Ingest alone: --receiver none, and events of type unmatched.tested, which no prepared endpoint wants.")
    var noMatch = false
    @Option(help: "Port of the embedded receiver, which the endpoints' URLs name. 0 = any.") var receiverPort = 7500
    @Option(help: "Address that it listens on: 0.0.0.0 if endpoints have separate hosts (prepare --hosts).")
    var receiverHost = "127.0.0.1"
    @Option(
        help:
            "Secret for the signature check: whsec_… for all paths, or PATH=whsec_… (PATH may end with *). Repeatable.")
    var secret: [String] = []
    @Option(help: "File with such secrets, one per line.") var secretFile: String?
    @Option(help: "Percent of the attempts that the embedded receiver answers with 503.") var failures = 0.0
    @Option(
        help: ArgumentHelp(
            "How the embedded receiver answers: a program of the mock receiver (distant=100ms, internet), or a file.",
            valueName: "name|file"))
    var program: String?
    @Option(
        help: ArgumentHelp(
            "The embedded receiver serves HTTPS, with the authority that `prepare --https` wrote to this directory.",
            valueName: "dir"))
    var authority: String?
    @Option(help: "Seconds to wait at the end until everything acknowledged has arrived.") var drainSeconds = 30.0

    @Option(help: "The dispatcher's process, for its CPU time and memory.") var dispatcherPid: Int32?
    @Option(help: "The dispatcher's data directory, for the size of the store and the file system.") var data: String?
    @Option(help: "Writes the report as JSON.") var json: String?
    @Flag(help: "One line per second, also on a terminal.") var plain = false

    /// The plan of these options, without what a subcommand adds.
    func plan() throws -> RunPlan {
        let (host, port) = try address()
        guard let key = apiKey ?? ProcessInfo.processInfo.environment["NEEDLETAIL_KEY"], !key.isEmpty else {
            throw ValidationError("no API key: set --api-key KEY or NEEDLETAIL_KEY")
        }
        var plan = RunPlan(server: ConnectionSettings(host: host, port: port, apiKey: key, clientName: "load-test"))
        plan.server.windowEvents = window ?? .max
        plan.workload = Workload(
            tenants: tenants, tenantPrefix: tenantPrefix, eventType: noMatch ? "unmatched.tested" : eventType,
            payloadBytes: payloadBytes, seed: seed)
        plan.arrivals = arrivals
        plan.rate = rate
        plan.connections = connections
        plan.batch = batch
        plan.receiver = try receiverPlan()
        plan.drainSeconds = drainSeconds
        plan.dispatcherPID = dispatcherPid
        plan.dataDirectory = data
        plan.command = redactedCommand
        return plan
    }

    private func address() throws -> (String, Int) {
        guard let target else { return (host, port) }
        guard let colon = target.lastIndex(of: ":"), let number = Int(target[target.index(after: colon)...]),
            colon > target.startIndex
        else {
            throw ValidationError("--target: invalid value \"\(target)\"; expected HOST:PORT, as in 127.0.0.1:7400")
        }
        let name = target[..<colon].trimmingCharacters(in: ["[", "]"])
        return (name, number)
    }

    private func receiverPlan() throws -> ReceiverPlan {
        if noMatch || receiver == "none" { return .none }
        guard receiver == "embedded" else { return .remote(receiver) }
        var plan = EmbeddedReceiverPlan()
        plan.host = receiverHost
        plan.port = receiverPort
        plan.failureShare = failures / 100
        plan.program = try program.map(ReceiverProgram.read)
        plan.authority = try authority.map(AuthorityFiles.read)
        plan.secrets = try (secret + secretsOfFile()).map { text in
            guard let equals = text.firstIndex(of: "="), text.first == "/" || text.first == "*" else {
                return ("*", text)
            }
            return (String(text[..<equals]), String(text[text.index(after: equals)...]))
        }
        return .embedded(plan)
    }

    private func secretsOfFile() throws -> [String] {
        guard let secretFile else { return [] }
        guard let text = try? String(contentsOfFile: secretFile, encoding: .utf8) else {
            throw ValidationError("--secret-file \(secretFile): cannot be read")
        }
        return text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
            !$0.isEmpty && !$0.hasPrefix("#")
        }
    }

    // The report may be shown to others, so it contains no key and no secret.
    private var redactedCommand: [String] {
        var hidesNext = false
        return CommandLine.arguments.map { argument in
            defer { hidesNext = ["--api-key", "--secret"].contains(argument) }
            if hidesNext { return "…" }
            for option in ["--api-key=", "--secret="] where argument.hasPrefix(option) { return option + "…" }
            return argument
        }
    }
}

extension ArrivalPattern: ExpressibleByArgument {}
