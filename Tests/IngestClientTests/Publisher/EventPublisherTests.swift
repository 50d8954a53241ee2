import IngestClient
import Synchronization
import TestSupport
import Testing
import WebhookModel
import WireProtocol

@Suite("Publishing", .timeLimit(.minutes(5)))
struct EventPublisherTests {
    @Test("every event gets its receipt, in order, over as many frames as the limits require")
    func receipts() async throws {
        let frames = Atomic<Int>(0)
        let server = try await FrameServer.start { peer, frame in
            switch frame.header.type {
            case .hello: peer.send(FrameServer.welcome(eventsPerFrame: 7))
            case .publish:
                let number = frames.add(1, ordering: .relaxed).newValue
                peer.accept(frame, commit: UInt64(number))
            default: break
            }
        }
        let publisher = try await EventPublisher.connect(.test(port: server.port))
        let events = (1...30).map { Events.make($0) }
        let receipts = try await publisher.publish(events)
        #expect(receipts.map(\.id) == events.map(\.id))
        #expect(receipts.filter { !$0.isStored }.isEmpty)
        let framesNow = frames.load(ordering: .relaxed)
        #expect(framesNow == 5)
        #expect(receipts.last?.commit == 5)
        await publisher.close()
        try await server.stop()
    }

    @Test("the server reads the fields that were written")
    func fields() async throws {
        var event = Events.make(1)
        event.correlationID = "order-7"
        event.orderingKey = "customer-3"
        event.attributes = [OutgoingEvent.Attribute(name: "version", value: "2")]
        let sent = event
        let matches = Atomic<Bool>(false)
        let server = try await FrameServer.start { peer, frame in
            if frame.header.type == .hello { peer.send(FrameServer.welcome()) }
            guard frame.header.type == .publish, let body = try? PublishBody(checking: frame.body, eventLimit: 1) else {
                return
            }
            body.forEachRecord { range in
                let bytes = UnsafeRawBufferPointer(rebasing: body.records[range])
                guard case .success(let record) = EventRecord.parse(bytes) else { return }
                func text(_ span: EventRecord.Span) -> String { String(decoding: bytes[span.range], as: UTF8.self) }
                let same =
                    record.id == sent.id && text(record.tenant) == sent.tenant && text(record.type) == sent.type
                    && text(record.correlationID) == "order-7" && text(record.orderingKey) == "customer-3"
                    && record.attributeCount == 1 && bytes[record.payload.range].elementsEqual(sent.payload)
                matches.store(same, ordering: .relaxed)
            }
            peer.accept(frame)
        }
        let publisher = try await EventPublisher.connect(.test(port: server.port))
        let receipt = try await publisher.publish(event)
        #expect(receipt.isStored)
        let matchesNow = matches.load(ordering: .relaxed)
        #expect(matchesNow)
        await publisher.close()
        try await server.stop()
    }

    @Test("unacknowledged events never exceed the window, and answers free it")
    func window() async throws {
        let waiting = Mutex<[(requestID: UInt64, events: Int)]>([])
        let most = Atomic<Int>(0)
        let server = try await FrameServer.start { peer, frame in
            switch frame.header.type {
            case .hello: peer.send(FrameServer.welcome(eventsPerFrame: 4, windowEvents: 10))
            case .publish:
                let full = waiting.withLock { waiting in
                    waiting.append((frame.header.requestID, FrameServer.eventCount(frame)))
                    let events = waiting.reduce(0) { $0 + $1.events }
                    most.max(events, ordering: .relaxed)
                    // The client must have stopped at the window before it is answered.
                    guard events >= 10 else { return [(requestID: UInt64, events: Int)]() }
                    defer { waiting = [] }
                    return waiting
                }
                for frame in full {
                    peer.send(
                        Ack(commit: 1, count: UInt32(frame.events), answers: .allAccepted), requestID: frame.requestID)
                }
            default: break
            }
        }
        let publisher = try await EventPublisher.connect(.test(port: server.port))
        let receipts = try await publisher.publish((1...100).map { Events.make($0) })
        #expect(receipts.filter { $0.isStored }.count == 100)
        let mostNow = most.load(ordering: .relaxed)
        #expect(mostNow == 10)
        await publisher.close()
        try await server.stop()
    }

    @Test("a refusal is a receipt and does not affect other events")
    func refusals() async throws {
        let server = try await FrameServer.start { peer, frame in
            switch frame.header.type {
            case .hello: peer.send(FrameServer.welcome(eventBytes: 100))
            case .publish:
                let answers = [
                    EventAnswer(.accepted), EventAnswer(.throttled, retryAfter: 250), EventAnswer(.unknownTenant),
                ]
                peer.send(Ack(commit: 9, count: 3, answers: .each(answers)), requestID: frame.header.requestID)
            default: break
            }
        }
        let publisher = try await EventPublisher.connect(.once(port: server.port))
        var events = (1...4).map { Events.make($0) }
        // Over the server's limit: refused by the client.
        events[1].payload = [UInt8](repeating: 0x20, count: 101)
        let receipts = try await publisher.publish(events)
        #expect(receipts.map(\.status) == [.accepted, .tooLarge, .throttled, .unknownTenant])
        #expect(receipts.map(\.commit) == [9, 0, 0, 0])
        #expect(receipts[2].retryAfter == 250)
        await publisher.close()
        try await server.stop()
    }

    @Test("if nothing is sent again, publish throws when its connection breaks")
    func lost() async throws {
        let server = try await FrameServer.start { peer, frame in
            if frame.header.type == .hello { peer.send(FrameServer.welcome()) } else { peer.drop() }
        }
        let publisher = try await EventPublisher.connect(.once(port: server.port))
        let error = await #expect(throws: PublishError.self) { try await publisher.publish(Events.make(1)) }
        guard case .lost(.lost)? = error?.reason else { throw Unexpected(error: error) }
        #expect(error?.inDoubt == 1)
        #expect(error?.receipts == [nil])
        await publisher.close()
        try await server.stop()
    }

    @Test("PING reads the server's clock")
    func ping() async throws {
        let server = try await FrameServer.start { peer, frame in
            switch frame.header.type {
            case .hello: peer.send(FrameServer.welcome())
            case .ping:
                if let ping = try? Ping(decoding: frame.body) {
                    peer.send(Pong(ping: ping, receivedAt: 41, answeredAt: 42))
                }
            default: break
            }
        }
        let publisher = try await EventPublisher.connect(.test(port: server.port))
        let pong = try await publisher.ping()
        #expect(pong.receivedAt == 41)
        #expect(pong.ping.sentAt > 0)
        await publisher.close()
        try await server.stop()
    }
}
