import Ingest
import Logging
import Testing
import WebhookModel

/// A key's rate over real connections. All connections of the key share it, on every loop, also those that come later.
@Suite(.timeLimit(.minutes(5))) struct KeyRateTests {
    @Test func connectionsOfAKeyShareItsRate() async throws {
        var configuration = IngestConfiguration()
        configuration.port = 0
        configuration.threads = 2
        configuration.lingerMilliseconds = 100
        let key = SessionDriver.key { $0.rate = Rate(perSecond: 1, burst: 30) }
        let server = IngestServer(
            configuration: configuration, access: SessionDriver.access(key), intake: QueueDouble(.answers).port,
            logger: Logger(label: "test") { _ in LogLines() })
        let port = try await server.start()
        let begin = ContinuousClock.now
        for _ in 0..<2 {
            // Connections are assigned to the loops in turn: the two are on different loops.
            let producers = [
                try await TestProducer.welcomed(port: port), try await TestProducer.welcomed(port: port),
            ]
            for (index, producer) in producers.enumerated() {
                try await producer.send(SessionDriver.publish(UInt64(index + 1), count: 20))
            }
            for producer in producers {
                #expect(try await producer.replies(1).first?.hasPrefix("ACK ") == true)
                try await producer.close()
            }
        }
        await server.shutdown()
        let seconds = Int(begin.duration(to: .now).components.seconds) + 1
        let stored = server.counters.answeredStored
        #expect((30...30 + seconds).contains(stored), "\(stored) of 80 events passed")
        #expect(server.counters.answeredRetryable == 80 - stored)
    }
}
