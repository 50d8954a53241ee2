import Ingest
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing
import WebhookModel
import WireProtocol

/// The whole room over loopback sockets, with a double of the queue.
@Suite(.timeLimit(.minutes(5))) struct IngestServerTests {
    private struct Fixture {
        let server: IngestServer
        let port: Int
        let queue: QueueDouble
        let log: LogLines
    }

    private func start(
        _ mood: QueueDouble.Mood = .answers, configure: (inout IngestConfiguration) -> Void = { _ in }
    ) async throws -> Fixture {
        var configuration = IngestConfiguration()
        configuration.port = 0
        configuration.sweepMilliseconds = 5
        configuration.authFailureDelayMilliseconds = 20
        configuration.lingerMilliseconds = 100
        configure(&configuration)
        let queue = QueueDouble(mood)
        let log = LogLines()
        let server = IngestServer(
            configuration: configuration, access: SessionDriver.access(), intake: queue.port,
            logger: Logger(label: "test") { _ in log })
        return Fixture(server: server, port: try await server.start(), queue: queue, log: log)
    }

    @Test func publishIsAcknowledgedAndCounted() async throws {
        let fixture = try await start()
        let producer = try await TestProducer.welcomed(port: fixture.port)
        try await producer.send(SessionDriver.publish(5, count: 2) + SessionDriver.publish(6, tenants: ["nobody"]))
        let replies = try await producer.replies(2)
        #expect(replies == ["ACK 5 ACCEPTED ACCEPTED", "ACK 6 UNKNOWN_TENANT"])
        try await producer.close()
        await fixture.server.shutdown()
        let counters = fixture.server.counters
        #expect(counters.events == 3 && counters.publishFrames == 2)
        #expect(counters.answeredStored == 2 && counters.answeredRefused == 1)
        #expect(counters.authenticated == 1 && counters.connectionsOpen == 0)
    }

    @Test func largeFramesArriveWhole() async throws {
        let fixture = try await start()
        let producer = try await TestProducer.welcomed(port: fixture.port)
        let frames = (1...20).flatMap { SessionDriver.publish(UInt64($0), count: 3, payload: 250_000) }
        try await producer.send(frames)
        let replies = try await producer.replies(20)
        #expect(replies == (1...20).map { "ACK \($0) ACCEPTED ACCEPTED ACCEPTED" })
        #expect(fixture.queue.events.count == 60)
        try await producer.close()
        await fixture.server.shutdown()
    }

    @Test func aFullQueueStopsReadingAndLosesNothing() async throws {
        let fixture = try await start(.isFull)
        let producer = try await TestProducer.welcomed(port: fixture.port)
        let other = try await TestProducer.welcomed(port: fixture.port)
        try await producer.send(SessionDriver.publish(1))
        // An answer on the other connection shows that the loop has run after the refusal.
        while fixture.queue.offers == 0 { try await pingOnce(other) }
        try await producer.send((2...50).flatMap { SessionDriver.publish(UInt64($0)) })
        try await pingOnce(other)
        #expect(fixture.queue.offers == 1, "the connection is read although its batch waits")
        fixture.queue.become(.answers)
        let replies = try await producer.replies(50)
        #expect(replies == (1...50).map { "ACK \($0) ACCEPTED" })
        #expect(fixture.queue.events.map(\.high) == Array(1...50))
        #expect(fixture.server.counters.backPressure == 1)
        await fixture.server.shutdown()
    }

    private func pingOnce(_ producer: TestProducer) async throws {
        var ping = ByteBuffer()
        Ping(opaque: 0, sentAt: 0).write(to: &ping, requestID: 3)
        try await producer.send(Array(ping.readableBytesView))
        #expect(try await producer.replies(1) == ["PONG 3"])
    }

    @Test func theWindowIsEnforcedOverASocket() async throws {
        let fixture = try await start(.keeps) {
            $0.eventsPerFrame = 10
            $0.windowEvents = 10
        }
        let producer = try await TestProducer.welcomed(port: fixture.port)
        try await producer.send(SessionDriver.publish(1, count: 9) + SessionDriver.publish(2, count: 2))
        while fixture.queue.events.count < 9 { await Task.yield() }
        fixture.queue.become(.answers)
        let replies = try await producer.replies(3)
        #expect(replies == ["ACK 1" + String(repeating: " ACCEPTED", count: 9), "CLOSE WINDOW_EXCEEDED", "end"])
        await fixture.server.shutdown()
    }

    // MARK: Endings

    @Test func drainingLosesNoAnswer() async throws {
        let fixture = try await start(.keeps)
        let producer = try await TestProducer.welcomed(port: fixture.port)
        try await producer.send(SessionDriver.publish(1, count: 2))
        while fixture.queue.events.count < 2 { await Task.yield() }
        await fixture.server.beginDraining(graceMilliseconds: 5_000)
        try await producer.send(SessionDriver.publish(2))
        #expect(try await producer.replies(2) == ["GOAWAY", "ACK 2 DRAINING"])
        await #expect(throws: (any Error).self, "still accepting") { try await TestProducer(port: fixture.port) }
        fixture.queue.become(.answers)
        #expect(try await producer.replies(3) == ["ACK 1 ACCEPTED ACCEPTED", "CLOSE DRAINING", "end"])
        await fixture.server.shutdown()
        #expect(fixture.server.counters.connectionsOpen == 0)
    }

    @Test func aProducerThatEndsItsDirectionIsAnswered() async throws {
        let fixture = try await start(.keeps)
        let producer = try await TestProducer.welcomed(port: fixture.port)
        try await producer.send(SessionDriver.publish(1))
        try await producer.finish()
        while fixture.queue.events.isEmpty { await Task.yield() }
        fixture.queue.become(.answers)
        #expect(try await producer.replies(2) == ["ACK 1 ACCEPTED", "end"])
        await fixture.server.shutdown()
    }

    @Test func aProducerThatDisconnectsDoesNotDisturbOthers() async throws {
        let fixture = try await start(.keeps)
        let producer = try await TestProducer.welcomed(port: fixture.port)
        try await producer.send(SessionDriver.publish(1))
        while fixture.queue.events.isEmpty { await Task.yield() }
        try await producer.close()
        fixture.queue.become(.answers)
        let next = try await TestProducer.welcomed(port: fixture.port)
        try await next.send(SessionDriver.publish(2))
        #expect(try await next.replies(1) == ["ACK 2 ACCEPTED"])
        await fixture.server.shutdown()
        #expect(fixture.server.counters.connectionsOpen == 0)
    }

    // MARK: Unauthenticated clients and limits

    @Test func aHeaderOfTheProxyProtocolIsNamedAndAnswered() async throws {
        let fixture = try await start()
        let producer = try await TestProducer(port: fixture.port)
        try await producer.send(Array("PROXY TCP4 192.0.2.1 192.0.2.2 4000 7400\r\n".utf8))
        #expect(try await producer.replies(3) == ["preface", "CLOSE PROTOCOL_ERROR", "end"])
        try await producer.close()
        await fixture.server.shutdown()
        #expect(fixture.log.lines.count == 1)
        #expect(fixture.log.lines.first?.contains("switch it off in the load balancer") == true)
        #expect(fixture.server.counters.otherProtocols == 1)
    }

    @Test func anHTTPRequestIsNamedInTheLog() async throws {
        let fixture = try await start()
        let producer = try await TestProducer(port: fixture.port)
        try await producer.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(try await producer.replies(1) == ["end"])
        await fixture.server.shutdown()
        #expect(fixture.log.lines.count == 1 && fixture.log.lines[0].hasPrefix("ingest: an HTTP request arrived"))
        #expect(fixture.server.counters.otherProtocols == 1)
    }

    @Test func aWrongKeyIsAnsweredAndCounted() async throws {
        let fixture = try await start()
        let producer = try await TestProducer(port: fixture.port)
        var hello = ByteBuffer(bytes: Preface.bytes)
        Hello(apiKey: "guess", clientName: "thief").write(to: &hello)
        try await producer.send(Array(hello.readableBytesView))
        #expect(try await producer.replies(3) == ["preface", "CLOSE AUTH_FAILED", "end"])
        await fixture.server.shutdown()
        #expect(fixture.server.counters.authFailures == 1)
        #expect(fixture.log.lines.contains { $0.contains("thief") })
    }

    @Test func connectionsOverTheLimitGetAReason() async throws {
        let fixture = try await start { $0.unauthenticatedConnectionsPerAddress = 1 }
        let known = try await TestProducer.welcomed(port: fixture.port)
        // An authenticated producer does not count: one more connection is accepted, a second is not.
        let silent = try await TestProducer(port: fixture.port)
        let tooMany = try await TestProducer(port: fixture.port)
        #expect(try await tooMany.replies(3) == ["preface", "CLOSE TOO_MANY_CONNECTIONS", "end"])
        try await silent.close()
        try await known.close()
        await fixture.server.shutdown()
        #expect(fixture.server.counters.connectionsRefused == 1)
    }

    @Test func aClientThatDoesNotReadItsAnswersIsCutOff() async throws {
        let fixture = try await start { $0.outputStallMilliseconds = 50 }
        let deaf = try await TestProducer(port: fixture.port, reads: false)
        var hello = ByteBuffer(bytes: Preface.bytes)
        Hello(apiKey: "key-of-acme", clientName: "deaf").write(to: &hello)
        try await deaf.send(Array(hello.readableBytesView))
        // Mixed results make the longest answers: 64 KiB for each of these frames, 13 MB in all. The kernel buffers less.
        deaf.pour(SessionDriver.publish(1, count: 8_192, tenants: ["acme", "nobody"], payload: 0), times: 200)
        while fixture.server.counters.connectionsClosed == 0 { await Task.yield() }
        #expect(fixture.log.lines.contains { $0.contains("did not read its answers") })
        #expect(fixture.server.counters.publishFrames < 200, "it was read although its answers piled up")
        try? await deaf.close()
        await fixture.server.shutdown()
    }

    @Test func aFloodOfNoticesIsLimited() async throws {
        // On a busy machine they must not time out as silent.
        let fixture = try await start { $0.helloMilliseconds = 60_000 }
        var producers: [TestProducer] = []
        for _ in 0..<15 { producers.append(try await TestProducer(port: fixture.port)) }
        // All at once, so that a busy machine does not spread them over seconds.
        for producer in producers { producer.pour([1], times: 1) }
        for producer in producers { #expect(try await producer.replies(1) == ["end"]) }
        await fixture.server.shutdown()
        #expect(fixture.server.counters.otherProtocols == 15)
        #expect(fixture.log.lines.count < 15)
    }

    // MARK: Start

    @Test func aPortInUseIsReported() async throws {
        let fixture = try await start()
        await #expect { _ = try await start { $0.port = fixture.port } } throws: { error in
            guard case .cannotBind(_, fixture.port, _) = error as? IngestStartError else { return false }
            return "\(error)".contains("127.0.0.1:\(fixture.port)")
        }
        await fixture.server.shutdown()
    }

    @Test func plaintextIsServedOnLoopbackOnly() async {
        await #expect(throws: IngestStartError.plaintextBeyondLoopback(host: "0.0.0.0")) {
            _ = try await start { $0.host = "0.0.0.0" }
        }
    }

    @Test func contradictingLimitsAreRefused() async {
        await #expect(throws: IngestStartError.self) { _ = try await start { $0.windowEvents = 1 } }
    }
}
