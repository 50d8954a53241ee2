import IngestClient
import LMDB
import LoadTest
import NIOConcurrencyHelpers
import Store
import TestSupport
import Testing
import WebhookModel
import WireProtocol

/// The Swift client against the real server, which is killed and started again under load. The store's own rows are
/// the judge: every event that was published is there, once.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PublisherCrashTests {
    private static let kills = 20
    private static let callers = 16
    private static let batch = 25

    @Test func `twenty kills under load: nothing is lost and nothing is stored twice`() async throws {
        let site = try await Site()
        // No endpoint wants these: publishing alone is on trial.
        let provisioning = try site.writeProvisioning("publish.yaml", receiverPort: site.receiverPort, events: "other")
        let server = try ServerProcess(
            command: site.command(["serve"] + site.flags(provisioning)), logPath: site.folder.path + "/server.log")
        try server.start()
        var settings = PublisherSettings(ConnectionSettings(port: site.ingestPort, apiKey: Site.key))
        settings.startMilliseconds = 20_000
        settings.backoffLeastMilliseconds = 5
        settings.backoffMostMilliseconds = 100
        let publisher = try await EventPublisher.connect(settings)

        let progress = Progress()
        let load = Task { await PublisherCrashTests.load(publisher, progress) }
        var random = SeededRandom(seed: 20)
        for _ in 0..<PublisherCrashTests.kills {
            await progress.reach(more: Int.random(in: 1...2_000, using: &random))
            try await server.kill()
            try server.start()
        }
        await progress.reach(more: 500)
        progress.stop()
        let published = await load.value
        let metrics = publisher.metrics
        await publisher.close()
        await server.stop(within: 10)

        let rows = try PublisherCrashTests.rows(site.folder.path + "/data")
        let lost = published.filter { rows[$0] == nil }
        let twice = rows.filter { $0.value > 1 }
        print(
            "reconnect, Swift client: \(PublisherCrashTests.kills) kills, \(published.count) published, \(lost.count) lost, "
                + "\(twice.count) stored twice, \(metrics.resent) sent again, \(metrics.duplicates) answered DUPLICATE, "
                + "\(metrics.connections) connections, \(progress.errors) errors")
        #expect(published.count > 10_000)
        #expect(lost.isEmpty)
        #expect(twice.isEmpty)
        #expect(rows.count == published.count)
        #expect(progress.errors == 0)
        #expect(metrics.connections > PublisherCrashTests.kills)
        #expect(metrics.resent > 0)
    }

    /// Callers that publish batch after batch until they are stopped. Returns every id that has a receipt.
    private static func load(_ publisher: EventPublisher, _ progress: Progress) async -> [EventID] {
        await withTaskGroup(of: [EventID].self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var stored: [EventID] = []
                    var next = 0
                    while !progress.isStopped {
                        let events = (0..<batch).map { event(caller, next + $0) }
                        do throws(PublishError) {
                            let receipts = try await publisher.publish(events)
                            stored += receipts.filter(\.isStored).map(\.id)
                            progress.add(receipts.count)
                            if !receipts.allSatisfy(\.isStored) { progress.noteError() }
                        } catch {
                            progress.noteError()
                        }
                        next += batch
                    }
                    return stored
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func event(_ caller: Int, _ number: Int) -> OutgoingEvent {
        let low = 1 << 63 | UInt64(caller) << 32 | UInt64(number)
        return OutgoingEvent(
            id: EventID(high: 0x0190_0000_0000_7000, low: low), tenant: "tenant-00\(number % 10)",
            type: "order.placed", payload: Array(#"{"number":\#(number)}"#.utf8))
    }

    /// How often each id is stored.
    private static func rows(_ path: String) throws -> [EventID: Int] {
        let directory = try DataDirectory(path: path, mapBytes: 64 << 30)
        return try directory.environment.read { snapshot in
            var rows: [EventID: Int] = [:]
            var position: UInt64 = 0
            var missing = 0
            // Positions follow one another; a gap as long as a commit is the end.
            while missing <= Limits.eventsPerCommit {
                switch try directory.tables.event(at: EventPosition(position), in: snapshot) {
                case .event(let event):
                    rows[event.id, default: 0] += 1
                    missing = 0
                case .missing: missing += 1
                case .damaged: Issue.record("the event at \(position) is damaged")
                }
                position += 1
            }
            return rows
        }
    }
}

/// How many events have their receipts, and who waits for more.
private final class Progress: Sendable {
    private struct State {
        var count = 0
        var errors = 0
        var isStopped = false
        var wait: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = NIOLockedValueBox(State())

    func add(_ count: Int) {
        state.withLockedValue { state in
            state.count += count
            guard let wait = state.wait, wait.count <= state.count else {
                return nil as CheckedContinuation<Void, Never>?
            }
            state.wait = nil
            return wait.continuation
        }?.resume()
    }

    /// Waits until so many more have come.
    func reach(more: Int) async {
        await withCheckedContinuation { continuation in
            state.withLockedValue { $0.wait = ($0.count + more, continuation) }
        }
    }

    func noteError() { state.withLockedValue { $0.errors += 1 } }
    func stop() { state.withLockedValue { $0.isStopped = true } }
    var isStopped: Bool { state.withLockedValue { $0.isStopped } }
    var errors: Int { state.withLockedValue { $0.errors } }
}
