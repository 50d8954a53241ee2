import DurableQueue
import Glibc
import Ingest
import Logging
import Sender
import ServiceLifecycle
import Threading

/// Runs something that blocks on a thread of its own: the cooperative pool must not wait for a join.
private func blocking(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        _ = WorkerThread(name: "stopping") {
            body()
            continuation.resume()
        }
    }
}

/// The writer: last to stop, with one more commit for what the senders reported.
struct QueueService: Service {
    let queue: QueueWriterThread

    func run() async throws {
        try await gracefulShutdown()
        await blocking { queue.stop() }
    }
}

/// The senders: attempts in flight end within the grace, the rest is scheduled still.
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

/// Ingest: first to stop, when every answer that is owed has gone out.
struct IngestService: Service {
    let machines: Machines
    let configuration: ServerConfiguration
    let logger: Logger

    func run() async throws {
        let port = try await machines.open()
        let section = configuration.ingest
        if let path = section.unixSocket { logger.notice("ingest: Unix socket", metadata: ["path": "\(path)"]) }
        let place = section.tcp ? "\(section.host):\(port)" : section.unixSocket ?? ""
        logger.notice("ready", metadata: ["ingest": "\(place)", "durability": "fdatasync"])
        if let file = section.portFile, section.tcp { try PortFile.write(port, to: file) }
        try await gracefulShutdown()
        // From here on a second signal ends the process at once, which is safe: it is what a crash would do.
        signal(SIGTERM, SIG_DFL)
        signal(SIGINT, SIG_DFL)
        logger.notice("draining; a second signal ends at once and loses nothing")
        await machines.ingest.beginDraining(graceMilliseconds: configuration.shutdownGrace)
        await machines.ingest.shutdown()
    }
}

/// Tells others which port the system chose.
enum PortFile {
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "cannot write the port file \(path): \(reason); choose another (ingest.port_file)" }
    }

    /// Writes beside and renames: a reader sees the whole number or no file.
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
