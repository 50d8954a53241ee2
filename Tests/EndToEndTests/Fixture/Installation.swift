import Foundation
import IngestClient
import TestSupport
import Testing

/// Where a server under test keeps its things. It may be started again and again on them.
struct Installation {
    let folder = TemporaryDirectory()
    /// On another file system where a test wants one.
    var data: String
    var provisioning: String { folder.path + "/provision.yaml" }
    /// Which networks the address guard opens. Port 9 is the one where nobody listens: tests whose endpoint is never
    /// reached use it. Without its own entry such a URL would be a mistake, because the port is not ordinary.
    var networks = ["127.0.0.0/8", "127.0.0.0/8:9"]
    /// Whether the server reads the provisioning file. Without it, it keeps what an earlier start has stored.
    var provisions = true
    /// `NEEDLETAIL_*` variables of the server.
    var settings: [String: String] = [:]
    /// The limit of open files; nil: the developer's.
    var openFiles: Int?

    init(_ provisioning: ProvisioningFile) throws {
        data = folder.path + "/data"
        try provision(provisioning)
    }

    func provision(_ file: ProvisioningFile) throws { try write(file.text, to: provisioning) }

    func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

    /// Starts the program, and waits for nothing.
    func launch(_ more: [String] = []) throws -> ChildProcess {
        // What the developer's shell sets is not this server's business.
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("NEEDLETAIL_") }
        environment.merge(settings) { _, new in new }
        var arguments = ["serve", "--data", data, "--allow-http", "--sender-threads", "1"]
        if provisions { arguments += ["--provision", provisioning] }
        for network in networks { arguments += ["--allow-network", network] }
        if !more.contains("--ingest-port") { arguments += ["--ingest-port", "0"] }
        // Servers of several tests run beside each other.
        if !more.contains("--api-port"), !more.contains("--no-api") { arguments += ["--api-port", "0"] }
        guard let openFiles else {
            return try ChildProcess(ServerExecutable.path, arguments + more, environment: environment)
        }
        let shell = ["-c", "ulimit -n \(openFiles); exec \"$0\" \"$@\"", ServerExecutable.path]
        return try ChildProcess("/bin/sh", shell + arguments + more, environment: environment)
    }

    /// Starts the program, and waits until it takes connections.
    func start(_ more: [String] = []) async throws -> RunningServer {
        let process = try launch(more)
        guard let line = try await process.line(with: " ready "), let colon = line.lastIndex(of: ":"),
            let port = Int(line[line.index(after: colon)...])
        else { throw DidNotStart(lines: process.lines) }
        // Written before " ready ".
        let api = process.lines.first { $0.contains(" management API ") }
        let apiPort = api.flatMap { line in line.lastIndex(of: ":").flatMap { Int(line[line.index(after: $0)...]) } }
        return RunningServer(process: process, port: port, apiPort: apiPort ?? 0)
    }

    struct DidNotStart: Error, CustomStringConvertible {
        let lines: [String]
        var description: String { "the server did not start: " + lines.joined(separator: " | ") }
    }
}

/// A server that takes connections.
struct RunningServer {
    let process: ChildProcess
    let port: Int
    /// Of the management API; 0: it is not served.
    var apiPort = 0

    func settings(key: String = ProvisioningFile.key) -> ConnectionSettings {
        ConnectionSettings(port: port, apiKey: key, clientName: "end-to-end-tests")
    }

    /// - Parameter sendsAgain: off: the first answer is the receipt, and a lost connection an error.
    func connect(key: String = ProvisioningFile.key, sendsAgain: Bool = true) async throws -> EventPublisher {
        var settings = PublisherSettings(settings(key: key))
        settings.sendsAgain = sendsAgain
        settings.patienceMilliseconds = sendsAgain ? 30_000 : 5_000
        return try await EventPublisher.connect(settings)
    }

    /// Drains and ends; it must end well.
    func stop(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        process.send(SIGTERM)
        let exit = try await process.ended()
        #expect(exit == .code(0), "\(process.lines)", sourceLocation: sourceLocation)
    }
}
