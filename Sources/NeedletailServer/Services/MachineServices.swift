import DurableQueue
import Glibc
import Ingest
import Logging
import Management
import Sender
import ServiceLifecycle
import Threading

/// Runs a blocking function on a separate thread, because the cooperative pool must not block.
private func blocking(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        _ = WorkerThread(name: "stopping") {
            body()
            continuation.resume()
        }
    }
}

/// The writer. It stops last, after one more commit for the reports of the senders.
struct QueueService: Service {
    let queue: QueueWriterThread

    func run() async throws {
        try await gracefulShutdown()
        await blocking { queue.stop() }
    }
}

/// The senders. Attempts in flight end within the grace period; everything else stays scheduled.
struct SenderService: Service {
    let senders: [SenderThread]
    let grace: Int64

    func run() async throws {
        try await gracefulShutdown()
        await withTaskGroup(of: Void.self) { group in
            for sender in senders { group.addTask { await blocking { sender.stop(graceMilliseconds: grace) } } }
        }
    }
}

/// Ends with the first SIGTERM or SIGINT, and the group with it. A second one ends the process at once, which is as
/// safe as a crash (`StopSignals`).
struct StopService: Service {
    private let signals: AsyncStream<Void>

    /// From now on a signal asks for the end. Not in `run`: the server may say "ready" before that begins.
    init() {
        let (signals, asked) = AsyncStream.makeStream(of: Void.self)
        self.signals = signals
        StopSignals.onFirst { asked.finish() }
    }

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {}
    }
}

/// Ingest. It stops first, after all answers have been sent.
struct IngestService: Service {
    let machines: Machines
    let configuration: ServerConfiguration
    let state: ServerState
    /// The bound port of the management API; nil: it is not served.
    let apiPort: Int?
    let logger: Logger

    func run() async throws {
        let port = try await machines.open(apiPort: apiPort)
        let section = configuration.ingest
        if let path = section.unixSocket { logger.notice("ingest: Unix socket", metadata: ["path": "\(path)"]) }
        let place = section.tcp ? "\(section.host):\(port)" : section.unixSocket ?? ""
        state.enter(.running)
        if let apiPort {
            logger.notice("management API", metadata: ["address": "\(configuration.api.host):\(apiPort)"])
            if let file = configuration.api.portFile { try PortFile.write(apiPort, to: file) }
        }
        logger.notice("ready", metadata: ["ingest": "\(place)", "durability": "fdatasync"])
        if let file = section.portFile, section.tcp { try PortFile.write(port, to: file) }
        try await gracefulShutdown()
        state.enter(.stopping)
        logger.notice("draining; a second signal ends the process at once, without loss")
        await machines.ingest.beginDraining(graceMilliseconds: configuration.shutdownGrace)
        await machines.ingest.shutdown()
    }
}

/// The file that contains the port that the system chose.
enum PortFile {
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String {
            "cannot write the port file \(path): \(reason); choose another path (ingest.port_file, api.port_file)"
        }
    }

    /// Checks that the file can be written, and leaves it as it is.
    static func check(_ path: String) throws(Failure) {
        let partial = path + ".partial"
        guard let file = fopen(partial, "w") else {
            throw Failure(path: path, reason: String(cString: strerror(errno)))
        }
        fclose(file)
        unlink(partial)
        if let directory = opendir(path) {
            closedir(directory)
            throw Failure(path: path, reason: "it is a directory")
        }
    }

    /// Writes a temporary file and renames it, so that a reader sees the whole number or no file.
    static func write(_ port: Int, to path: String) throws(Failure) {
        let partial = path + ".partial"
        guard let file = fopen(partial, "w") else {
            throw Failure(path: path, reason: String(cString: strerror(errno)))
        }
        let written = fputs("\(port)\n", file) >= 0
        guard fclose(file) == 0, written, rename(partial, path) == 0 else {
            throw Failure(path: path, reason: String(cString: strerror(errno)))
        }
    }
}
