import MockReceiver
import Testing

/// One seed and one traffic give the same faults and delays, whatever the order in which requests arrive.
@Suite(.timeLimit(.minutes(5))) struct DeterminismTests {
    private static let messages: Range<UInt64> = 0..<512
    private static let attempts = 3

    private static func program(seed: UInt64) -> BehaviourProgram {
        BehaviourProgram(
            rules: [
                .init(.all, when: Conditions(attempts: 1...2, share: Share(0.2)), Behaviour(reply: .reset)),
                .init(.all, when: Conditions(share: Share(0.3)), Behaviour(reply: .answer(Answer(status: 500)))),
                .init(.all, Behaviour(delay: .lognormal(median: 1, sigma: 1, most: 5), failShare: 0.25)),
            ], seed: seed)
    }

    /// What each attempt of each message got, by message, when so many connections share the messages. A reset needs a new connection.
    private func faults(seed: UInt64, connections: Int) async throws -> [UInt64: [String]] {
        var configuration = ReceiverConfiguration()
        configuration.program = Self.program(seed: seed)
        configuration.loops = connections == 1 ? 1 : 3
        configuration.journalCapacity = Self.messages.count * Self.attempts
        var found: [UInt64: [String]] = [:]
        try await withReceiver(configuration) { receiver in
            let port = receiver.port
            try await withThrowingTaskGroup(of: Void.self) { group in
                for connection in 0..<UInt64(connections) {
                    group.addTask {
                        var client = try await RawConnection.open(port: port)
                        for number in Self.messages where number % UInt64(connections) == connection {
                            for _ in 0..<Self.attempts {
                                try await client.send(WebhookRequest.numbered(number).text)
                                if try await client.read(until: { $0.hasSuffix("\r\n\r\n") }).isEmpty {
                                    client = try await RawConnection.open(port: port)
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            for entry in receiver.journal().reversed() {
                let number = try #require(UInt64(entry.id.suffix(16), radix: 16))
                found[number, default: []].append("\(entry.attempt): \(entry.status) after \(entry.delay)")
            }
        }
        return found
    }

    @Test func concurrencyDoesNotChangeTheResult() async throws {
        let alone = try await faults(seed: 7, connections: 1)
        let crowded = try await faults(seed: 7, connections: 256)
        #expect(alone == crowded)
        #expect(alone.count == Self.messages.count && alone.values.allSatisfy { $0.count == Self.attempts })
        let all = alone.values.flatMap(\.self)
        // Every rule struck, and about as often as it says.
        for (fault, share) in [(": 0 after 0", 0.133), (": 500 after 0", 0.26)] {
            let count = all.count { $0.hasSuffix(fault) }
            #expect(abs(Double(count) / Double(all.count) - share) < 0.05, "\(fault): \(count) of \(all.count)")
        }
        #expect(Set(all.map { $0.split(separator: " ").last }).count > 3)
        #expect(try await faults(seed: 8, connections: 16) != alone)
    }
}
