import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// An append-only file of requests: NDJSON, one line each as `GET /export` writes them, with whole heads and bodies.
///
/// Event loops put entries into a bounded queue; a separate thread writes them. Entries that find the queue full, or
/// that come after a failed write, are counted and not written, so that a disk never delays a request.
final class JournalFile: Sendable {
    private let descriptor: Int32
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let state = NIOLockedValueBox(State())

    private struct State {
        var waiting: [JournalEntry] = []
        /// Bytes of the entries that wait and of those being written.
        var bytes = 0
        var isWriting = false
        var shortfall = JournalShortfall()
    }

    /// Bytes that may wait for the disk.
    private static let mostWaiting = 64 << 20
    /// Bytes of an entry in addition to head and body.
    private static let entryBytes = 256

    /// Opens the file, or creates it, readable for its owner only: webhooks may contain confidential data.
    init(_ path: String) throws(JournalFileError) {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw JournalFileError(path: path, reason: String(cString: strerror(errno))) }
        thread.start()
    }

    deinit { Glibc.close(descriptor) }

    /// What is missing in the file.
    var shortfall: JournalShortfall { state.withLockedValue { $0.shortfall } }

    /// Queues an entry for writing; never waits.
    func append(_ entry: JournalEntry) {
        let size = JournalFile.size(of: entry)
        let mustWake = state.withLockedValue { state in
            guard state.shortfall.reason == nil, state.bytes + size <= JournalFile.mostWaiting else {
                state.shortfall.requests += 1
                return false
            }
            state.waiting.append(entry)
            state.bytes += size
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustWake { thread.submit { _ in self.writeAll() } }
    }

    /// Returns after everything that was queued has been passed to the kernel.
    func close() async {
        try? await thread.shutdownGracefully()
        fsync(descriptor)
    }

    private func writeAll() {
        while let batch = nextBatch() {
            for (place, entry) in batch.enumerated() {
                guard let reason = write(entry) else {
                    state.withLockedValue { $0.bytes -= JournalFile.size(of: entry) }
                    continue
                }
                state.withLockedValue { state in
                    state.shortfall.requests += batch.count - place + state.waiting.count
                    state.shortfall.reason = reason
                    (state.waiting, state.bytes) = ([], 0)
                }
                break
            }
        }
    }

    private func nextBatch() -> [JournalEntry]? {
        state.withLockedValue { state in
            guard !state.waiting.isEmpty else {
                state.isWriting = false
                return nil
            }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// - Returns: what went wrong; nil: nothing.
    private func write(_ entry: JournalEntry) -> String? {
        guard var line = try? AdminJSON.line(JournalPayload(entry)) else {
            return "a line could not be written as JSON"
        }
        line.writeInteger(UInt8(ascii: "\n"))
        while line.readableBytes > 0 {
            let written = line.withUnsafeReadableBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                line.moveReaderIndex(forwardBy: written)
            } else if errno != EINTR {
                return String(cString: strerror(errno))
            }
        }
        return nil
    }

    private static func size(of entry: JournalEntry) -> Int { entry.head.count + entry.body.count + entryBytes }
}

/// What a journal file lacks.
public struct JournalShortfall: Sendable, Equatable {
    /// Requests that were not written.
    public internal(set) var requests = 0
    /// The system's message for the failed write, after which nothing is written. nil: no write failed; the disk was
    /// too slow.
    public internal(set) var reason: String?
}

/// A journal file could not be opened.
public struct JournalFileError: Error, Equatable, CustomStringConvertible {
    public let path: String
    /// The system's words.
    public let reason: String

    public var description: String { "cannot append to \(path): \(reason)" }
}
