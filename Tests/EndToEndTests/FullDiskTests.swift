import Foundation
import IngestClient
import MockReceiver
import TestSupport
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite(.enabled(if: SmallDisk.canBeMade, "needs root, and the right to mount a tmpfs"))
    struct FullDiskTests {
        private static let isDown = BehaviourProgram.Rule(.all, Behaviour(reply: .answer(Answer(status: 503))))

        @Test func `below the disk reserve a server refuses events, continues to deliver, and resumes`() async throws {
            try await withReceiver([FullDiskTests.isDown]) { receiver in
                let disk = try SmallDisk()
                let server = try await start(on: disk, reserve: "12MiB", receiver)
                let publisher = try await server.connect(sendsAgain: false)
                var stored = try await publisher.publish(Events.batch(1..<101)).filter(\.isStored).map(\.id)
                #expect(stored.count == 100)

                disk.fill(leaving: 8 << 20)
                stored += try await publish(on: publisher, from: 1_000, each: 1, until: .storageFull)
                #expect(try await server.process.line(with: "ingest is refused") != nil)
                receiver.replace(BehaviourProgram())
                #expect(await receiver.missing(stored, path: "/in") == [])

                disk.empty()
                stored += try await publish(on: publisher, from: 1_000_000, each: 1, until: .accepted)
                #expect(await receiver.missing(stored, path: "/in") == [])
                try await server.stop()
                #expect(receiver.stats().totals.duplicates == 0)
            }
        }

        // Without a reserve there is no room to record outcomes either: they wait until there is. With a few pages left
        // the system writes a part of a commit and says so without an error.
        @Test(arguments: [0, 3 * 4_096, 10 * 4_096, 33 * 4_096])
        func `a disk that is full in the middle of a commit loses nothing`(left: Int) async throws {
            try await withReceiver([FullDiskTests.isDown]) { receiver in
                let disk = try SmallDisk()
                let server = try await start(on: disk, reserve: "0", receiver)
                let publisher = try await server.connect(sendsAgain: false)
                var stored = try await publisher.publish(Events.batch(1..<101)).filter(\.isStored).map(\.id)
                disk.fill(leaving: left)
                do {
                    stored += try await publish(on: publisher, from: 1_000, each: 50, until: .storageFull)
                    receiver.replace(BehaviourProgram())
                    disk.empty()
                    stored += try await publish(on: publisher, from: 1_000_000, each: 50, until: .accepted)
                } catch {
                    Issue.record("\(error); the server said \(server.process.lines)")
                }
                #expect(await receiver.missing(stored, path: "/in") == [])
                try await server.stop()
            }
        }

        private func start(on disk: SmallDisk, reserve: String, _ receiver: ReceiverServer) async throws
            -> RunningServer
        {
            let delays = [String](repeating: "300ms", count: 90).joined(separator: ", ")
            var installation = try Installation(ProvisioningFile(.init(url: receiver.url("/in"), delays: delays)))
            installation.data = disk.path + "/data"
            // The receiver is down at first: it must not be left alone for half a minute after.
            installation.settings = [
                "NEEDLETAIL_QUEUE_DISK_RESERVE": reserve, "NEEDLETAIL_SENDER_BREAKER_OPEN": "300ms",
            ]
            return try await installation.start()
        }

        /// Publishes batch after batch until the server gives this answer, ten seconds at most.
        ///
        /// - Returns: what was stored.
        private func publish(
            on publisher: EventPublisher, from first: UInt64, each count: UInt64, until wanted: ProtocolStatus
        ) async throws -> [EventID] {
            let end = ContinuousClock.now + .seconds(10)
            var stored: [EventID] = []
            var number = first
            while ContinuousClock.now < end {
                let receipts = try await publisher.publish(Events.batch(number..<number + count))
                stored += receipts.filter(\.isStored).map(\.id)
                if receipts.contains(where: { $0.status == wanted }) { return stored }
                number += count
            }
            Issue.record("no answer was \(wanted) for ten seconds")
            return stored
        }
    }
}

/// A file system of its own, 48 MB, in memory.
private final class SmallDisk: Sendable {
    /// Whether this machine lets us.
    static let canBeMade = (try? SmallDisk()) != nil

    private let folder = TemporaryDirectory()
    var path: String { folder.path }
    private var ballast: String { path + "/ballast" }

    struct CannotMount: Error {}

    init() throws {
        guard getuid() == 0, mount("tmpfs", folder.path, "tmpfs", 0, "size=48m") == 0 else { throw CannotMount() }
    }

    // Lazily: a server that is still there keeps it until it ends.
    deinit { umount2(folder.path, Int32(MNT_DETACH)) }

    /// Writes until so many bytes are free.
    func fill(leaving bytes: Int) {
        let file = open(ballast, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(file) }
        for size in [1 << 20, 4_096] {
            let block = [UInt8](repeating: 0x42, count: size)
            while free - size >= bytes, write(file, block, size) == size {}
        }
    }

    private var free: Int {
        var numbers = statvfs()
        return statvfs(path, &numbers) == 0 ? Int(numbers.f_bavail * numbers.f_frsize) : 0
    }

    func empty() { unlink(ballast) }
}
