import IngestClient
import NIOConcurrencyHelpers
import TestSupport
import Testing
import WebhookModel
import WireProtocol

@Suite("Publishing while connections are lost or closed", .timeLimit(.minutes(5)))
struct ReconnectTests {
    /// What a scripted server has seen.
    private struct Seen {
        var hellos = 0
        var frames = 0
        var stored: Set<EventID> = []
        var stores = 0
    }

    /// Answers like a server that remembers the ids it has stored.
    private static func keep(_ frame: Frame, in seen: inout Seen) -> Ack {
        var answers: [EventAnswer] = []
        if let body = try? PublishBody(checking: frame.body, eventLimit: .max) {
            body.forEachRecord { range in
                let bytes = UnsafeRawBufferPointer(rebasing: body.records[range])
                guard case .success(let record) = EventRecord.parse(bytes) else { return }
                let isNew = seen.stored.insert(record.id).inserted
                seen.stores += isNew ? 1 : 0
                answers.append(EventAnswer(isNew ? .accepted : .duplicate))
            }
        }
        return Ack(commit: UInt64(seen.frames), count: UInt32(answers.count), answers: .each(answers))
    }

    @Test("every call gets its receipts although the server drops connections, before and after storing")
    func drops() async throws {
        let seen = NIOLockedValueBox(Seen())
        let server = try await FrameServer.start { peer, frame in
            switch frame.header.type {
            case .hello:
                seen.withLockedValue { $0.hellos += 1 }
                peer.send(FrameServer.welcome(eventsPerFrame: 3))
            case .publish:
                let answer = seen.withLockedValue { seen -> Ack? in
                    seen.frames += 1
                    // Every fifth frame is lost on the way to the server, every seventh answer on the way back.
                    guard !seen.frames.isMultiple(of: 5) else { return nil }
                    let answer = ReconnectTests.keep(frame, in: &seen)
                    return seen.frames.isMultiple(of: 7) ? nil : answer
                }
                if let answer { peer.send(answer, requestID: frame.header.requestID) } else { peer.drop() }
            default: break
            }
        }
        let publisher = try await EventPublisher.connect(PublisherSettings.brisk(port: server.port))
        let receipts = try await withThrowingTaskGroup(of: [EventReceipt].self) { group in
            for call in 0..<20 {
                group.addTask { try await publisher.publish((1...10).map { Events.make(call * 10 + $0) }) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(receipts.count == 200)
        #expect(receipts.allSatisfy { $0.isStored })
        #expect(Set(receipts.map(\.id)).count == 200)
        let after = seen.withLockedValue { $0 }
        #expect(after.stores == 200)
        #expect(after.hellos > 3)
        let metrics = publisher.metrics
        #expect(metrics.stored == 200)
        #expect(metrics.duplicates > 0)
        #expect(metrics.connections == after.hellos)
        await publisher.close()
        try await server.stop()
    }

    // Otherwise the frames after the dropped one increase the script's count, and it would lose the same frame again
    // and again.
    @Test("the scripted server reads nothing more from a connection that it drops")
    func dropsWhatFollows() async throws {
        let frames = NIOLockedValueBox(0)
        let server = try await FrameServer.start { peer, frame in
            if frame.header.type == .hello { peer.send(FrameServer.welcome(eventsPerFrame: 1)) }
            guard frame.header.type == .publish else { return }
            frames.withLockedValue { $0 += 1 }
            peer.drop()
        }
        let publisher = try await EventPublisher.connect(PublisherSettings.once(port: server.port))
        await #expect(throws: PublishError.self) { try await publisher.publish((1...50).map { Events.make($0) }) }
        await publisher.close()
        try await server.stop()
        #expect(frames.withLockedValue { $0 } == 1)
    }

    @Test("after GOAWAY sent events are answered there, the others go to the other server, and nothing is lost")
    func goAway() async throws {
        let leaving = try await FrameServer.start { peer, frame in
            switch frame.header.type {
            case .hello: peer.send(FrameServer.welcome())
            case .publish:
                peer.send(GoAway(graceMilliseconds: 5_000, spreadMilliseconds: 20, reason: "deploy"))
                peer.accept(frame, commit: 1)
            default: break
            }
        }
        let staying = try await FrameServer.start { peer, frame in
            if frame.header.type == .hello { peer.send(FrameServer.welcome()) }
            if frame.header.type == .publish { peer.accept(frame, commit: 2) }
        }
        var settings = PublisherSettings.brisk(port: leaving.port)
        settings.servers.append(.tcp(host: "127.0.0.1", port: staying.port))
        let publisher = try await EventPublisher.connect(settings)
        #expect(try await publisher.publish(Events.make(1)).commit == 1)
        #expect(try await publisher.publish(Events.make(2)).commit == 2)
        #expect(publisher.metrics.goAways == 1)
        #expect(publisher.metrics.lostConnections == 0)
        await publisher.close()
        try await leaving.stop()
        try await staying.stop()
    }

    @Test("if the server does not come back, the call ends at its time limit and says which events are in doubt")
    func gone() async throws {
        let server = try await FrameServer.start { peer, frame in
            if frame.header.type == .hello { peer.send(FrameServer.welcome()) }
        }
        var settings = PublisherSettings.brisk(port: server.port)
        settings.patienceMilliseconds = 200
        let publisher = try await EventPublisher.connect(settings)
        let error = await #expect(throws: PublishError.self) { try await publisher.publish(Events.make(1)) }
        #expect(error?.reason == .timedOut(milliseconds: 200, last: nil))
        #expect(error?.inDoubt == 1)
        await publisher.close()
        try await server.stop()
    }
}
