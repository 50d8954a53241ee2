import Glibc
import IngestClient
import MockReceiver
import NIOCore
import NIOPosix
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite struct ShutdownTests {
        private static let slow = BehaviourProgram.Rule(.all, Behaviour(delay: 150))

        private func installation(_ receiver: ReceiverServer) throws -> Installation {
            try Installation(ProvisioningFile(.init(url: receiver.url("/in"), window: 16)))
        }

        @Test func `SIGTERM under load loses nothing, and connections get GOAWAY and CLOSE`() async throws {
            try await withReceiver([ShutdownTests.slow]) { receiver in
                let installation = try installation(receiver)
                var server = try await installation.start()
                let witness = ConnectionWitness()
                try await witness.watch(server)
                let load = BackgroundLoad(try await server.connect(sendsAgain: false))
                await receiver.expectRequests(20)

                server.process.send(SIGTERM)
                let seen = try await witness.ended()
                #expect(seen.wasAskedToLeave)
                guard case .closed(.draining, _) = seen.end else {
                    Issue.record("the connection did not end with CLOSE: \(String(describing: seen.end))")
                    return
                }
                #expect(try await server.process.ended() == .code(0), "\(server.process.lines)")
                let acknowledged = await load.acknowledged
                #expect(acknowledged.count > receiver.stats().totals.accepted, "nothing was left for the next start")

                receiver.replace(BehaviourProgram())
                server = try await installation.start()
                #expect(await receiver.missing(acknowledged, path: "/in") == [])
                try await server.stop()
                let totals = receiver.stats().totals
                #expect((totals.duplicates, totals.unverified) == (0, 0))
            }
        }

        @Test func `a second SIGTERM ends at once and loses nothing`() async throws {
            let verySlow = BehaviourProgram.Rule(.all, Behaviour(delay: 60_000))
            try await withReceiver([verySlow]) { receiver in
                let installation = try installation(receiver)
                var server = try await installation.start()
                let load = BackgroundLoad(try await server.connect(sendsAgain: false))
                await receiver.expectRequests(16)

                server.process.send(SIGTERM)
                #expect(try await server.process.line(with: "draining") != nil)
                server.process.send(SIGTERM)
                #expect(try await server.process.ended() == .signal(SIGTERM), "\(server.process.lines)")
                let acknowledged = await load.acknowledged
                #expect(acknowledged.count > 16)

                receiver.replace(BehaviourProgram())
                server = try await installation.start()
                #expect(await receiver.missing(acknowledged, path: "/in") == [])
                try await server.stop()
            }
        }
    }
}

/// Publishes without pause until the server wants no more.
private struct BackgroundLoad {
    private let task: Task<[EventID], Never>

    init(_ publisher: EventPublisher) {
        task = Task {
            var acknowledged: [EventID] = []
            var next: UInt64 = 1
            while let receipts = try? await publisher.publish(Events.batch(next..<next + 10)) {
                acknowledged += receipts.filter(\.isStored).map(\.id)
                guard receipts.allSatisfy(\.isStored), acknowledged.count < 2_000 else { break }
                next += 10
            }
            return acknowledged
        }
    }

    /// Every event that the server promised to deliver.
    var acknowledged: [EventID] { get async { await task.value } }
}

/// A connection that publishes nothing and sees how the server leaves.
private final class ConnectionWitness: ProducerConnectionOwner {
    struct Sight: Sendable {
        var wasAskedToLeave = false
        var end: IngestError?
    }

    private let sight = Watched(Sight())

    func watch(_ server: RunningServer) async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        try await ProducerConnection.connect(server.settings(), owner: self, on: eventLoop).map { _ in }.get()
    }

    func ended() async throws -> Sight {
        try await sight.wait(for: "the connection's end") { $0.end == nil ? nil : $0 }
    }

    func connection(_ connection: ProducerConnection, acknowledged ack: Ack, token: UInt64, count: Int) {}

    func connection(_ connection: ProducerConnection, wasAskedToLeave request: GoAway) {
        sight.change { $0.wasAskedToLeave = true }
    }

    func connection(_ connection: ProducerConnection, endedBy error: IngestError) { sight.change { $0.end = error } }
}
