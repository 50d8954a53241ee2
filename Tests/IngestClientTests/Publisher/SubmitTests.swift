import IngestClient
import NIOConcurrencyHelpers
import TestSupport
import Testing
import WireProtocol

@Suite("Submitting, waiting for room, cancelling, closing", .timeLimit(.minutes(5)))
struct SubmitTests {
    /// A server that answers only when the test says so.
    private final class Withholding: Sendable {
        private let held = NIOLockedValueBox<(frames: [(peer: Peer, requestID: UInt64, count: Int)], isOpen: Bool)>(
            ([], false))

        var script: FrameServer.Script {
            { [held] peer, frame in
                if frame.header.type == .hello { peer.send(FrameServer.welcome()) }
                guard frame.header.type == .publish else { return }
                let count = FrameServer.eventCount(frame)
                let requestID = frame.header.requestID
                let isOpen = held.withLockedValue { held in
                    if !held.isOpen { held.frames.append((peer, requestID, count)) }
                    return held.isOpen
                }
                if isOpen { peer.accept(frame) }
            }
        }

        var events: Int { held.withLockedValue { $0.frames.reduce(0) { $0 + $1.count } } }

        func answerAll() {
            let frames = held.withLockedValue { held in
                held.isOpen = true
                return held.frames
            }
            for (peer, requestID, count) in frames {
                peer.send(Ack(commit: 1, count: UInt32(count), answers: .allAccepted), requestID: requestID)
            }
        }
    }

    /// Gives others a turn until something holds. The suite's time limit bounds it.
    private func until(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

    @Test("the receipts of a thousand submitted events are collected later, in order")
    func collect() async throws {
        let server = try await FrameServer.start { peer, frame in
            if frame.header.type == .hello { peer.send(FrameServer.welcome()) }
            if frame.header.type == .publish { peer.accept(frame) }
        }
        let publisher = try await EventPublisher.connect(PublisherSettings.brisk(port: server.port))
        var pending: [PendingReceipts] = []
        for number in 1...1_000 { pending.append(try await publisher.submit(Events.make(number))) }
        for (index, receipts) in pending.enumerated() {
            #expect(try await receipts.receipt().id == Events.make(index + 1).id)
        }
        #expect(publisher.metrics.submitted == 1_000)
        #expect(publisher.metrics.frames <= 1_000)
        await publisher.close()
        try await server.stop()
    }

    @Test("a full publisher suspends the next call until there is room, and never holds more")
    func full() async throws {
        let withholding = Withholding()
        let server = try await FrameServer.start(script: withholding.script)
        var settings = PublisherSettings.brisk(port: server.port)
        settings.bufferedEvents = 10
        let publisher = try await EventPublisher.connect(settings)
        let first = try await publisher.submit((1...10).map { Events.make($0) })
        let second = Task { try await publisher.submit((11...15).map { Events.make($0) }) }
        await until { publisher.metrics.waitingCalls == 1 }
        #expect(publisher.metrics.bufferedEvents == 10)
        withholding.answerAll()
        #expect(try await first.receipts().count == 10)
        #expect(try await second.value.receipts().count == 5)
        await publisher.close()
        try await server.stop()
    }

    @Test("a call that is cancelled while it waits was not sent; later it may be stored, and the error says so")
    func cancel() async throws {
        let withholding = Withholding()
        let server = try await FrameServer.start(script: withholding.script)
        var settings = PublisherSettings.brisk(port: server.port)
        settings.bufferedEvents = 2
        let publisher = try await EventPublisher.connect(settings)
        let sent = Task { try await publisher.publish([Events.make(1), Events.make(2)]) }
        await until { withholding.events == 2 }
        let waiting = Task { try await publisher.submit(Events.make(3)) }
        await until { publisher.metrics.waitingCalls == 1 }

        waiting.cancel()
        let unsent = await #expect(throws: PublishError.self) { _ = try await waiting.value }
        #expect(unsent?.reason == .cancelled)
        #expect(unsent?.notStored == 1)
        sent.cancel()
        let doubtful = await #expect(throws: PublishError.self) { _ = try await sent.value }
        #expect(doubtful?.reason == .cancelled)
        #expect(doubtful?.inDoubt == 2)

        withholding.answerAll()
        #expect(try await publisher.publish(Events.make(4)).isStored)
        await publisher.close()
        try await server.stop()
    }

    @Test("a caller that stops waiting for receipts does not cancel its events")
    func stopWaiting() async throws {
        let withholding = Withholding()
        let server = try await FrameServer.start(script: withholding.script)
        let publisher = try await EventPublisher.connect(PublisherSettings.brisk(port: server.port))
        let pending = try await publisher.submit(Events.make(1))
        let waiter = Task { try await pending.receipts() }
        waiter.cancel()
        let error = await #expect(throws: PublishError.self) { _ = try await waiter.value }
        #expect(error?.reason == .cancelled)
        withholding.answerAll()
        #expect(try await pending.receipt().isStored)
        await publisher.close()
        try await server.stop()
    }

    @Test("close waits for sent events and refuses later ones; with a grace of zero the others end with an error")
    func close() async throws {
        let withholding = Withholding()
        let server = try await FrameServer.start(script: withholding.script)
        let publisher = try await EventPublisher.connect(PublisherSettings.brisk(port: server.port))
        let pending = try await publisher.submit(Events.make(1))
        await until { withholding.events == 1 }
        async let closed: Void = publisher.close()
        withholding.answerAll()
        #expect(try await pending.receipt().isStored)
        await closed
        let late = await #expect(throws: PublishError.self) { _ = try await publisher.publish(Events.make(2)) }
        #expect(late?.reason == .closed)
        #expect(late?.notStored == 1)
        try await server.stop()

        let silent = Withholding()
        let other = try await FrameServer.start(script: silent.script)
        let abrupt = try await EventPublisher.connect(PublisherSettings.brisk(port: other.port))
        let lost = try await abrupt.submit(Events.make(3))
        await until { silent.events == 1 }
        await abrupt.close(graceMilliseconds: 0)
        let error = await #expect(throws: PublishError.self) { _ = try await lost.receipts() }
        #expect(error?.reason == .closed)
        #expect(error?.inDoubt == 1)
        try await other.stop()
    }
}
