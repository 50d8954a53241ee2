import Sender
import Testing
import WebhookModel

@Suite struct HandshakeMemoryTests {
    @Test func isGivenBackAfterManyNewConnectionsAndThenRests() {
        var memory = HandshakeMemory()
        let many = UInt64(Limits.connectionsBeforeTrim)
        let rest = Limits.trimMilliseconds * 1_000_000
        let steps: [(connections: UInt64, now: Int64, isDue: Bool)] = [
            (many - 1, 5, false), (many, 5, true), (many, 6 + rest, false), (3 * many, 4 + rest, false),
            (3 * many, 5 + rest, true),
        ]
        for step in steps {
            let isDue = memory.isDue(newConnections: step.connections, now: step.now)
            // After the first time, a thousand more must come.
            #expect(isDue == step.isDue, "\(step)")
        }
    }
}
