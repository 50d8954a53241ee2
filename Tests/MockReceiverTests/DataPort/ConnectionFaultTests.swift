import Glibc
import MockReceiver
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConnectionFaultTests {
    private func program(_ rules: ConnectionRule...) -> BehaviourProgram {
        var program = BehaviourProgram()
        program.connections = rules
        return program
    }

    private func isServed(_ port: Int) async throws -> Bool {
        let statuses = try? await RawClient.statuses(from: port, [WebhookRequest().text])
        return statuses == [200]
    }

    /// 32 MiB: more than the kernel keeps for a reader that does not read.
    private let flood = String(repeating: "x", count: 32 << 20)

    @Test func silenceReadsAndNeverAnswers() async throws {
        try await withReceiver(program(ConnectionRule(.silence))) { receiver in
            let client = try await RawConnection.open(port: receiver.port)
            try await client.send(WebhookRequest().text)
            try await client.send(flood)
            #expect(client.isQuiet)
            #expect(receiver.stats().totals.requests == 0)
            #expect(receiver.stats().connections == 1)
        }
    }

    @Test func neverReadFillsTheSendersBuffers() async throws {
        try await withReceiver(program(ConnectionRule(.neverRead, connections: 1...1), ConnectionRule(.silence))) {
            receiver in
            let stuck = try await RawConnection.open(port: receiver.port)
            try await eventually { receiver.stats().connections == 1 }
            let sending = Task { try await stuck.send(flood) }
            let fluent = try await RawConnection.open(port: receiver.port)
            // The one that is read is through long before.
            try await fluent.send(flood)
            try await fluent.send(flood)
            #expect(stuck.isQuiet && !stuck.hasSentAll)
            sending.cancel()
        }
    }

    @Test func resetsHitTheNamedConnections() async throws {
        try await withReceiver(program(ConnectionRule(.reset, connections: 2...3))) { receiver in
            var served: [Bool] = []
            for _ in 0..<4 { served.append(try await isServed(receiver.port)) }
            #expect(served == [true, false, false, true])
            #expect(receiver.stats().totals.resets == 2)
            #expect(receiver.stats().connectionsEver == 4)
            try await eventually { receiver.stats().connections == 0 }
        }
    }

    @Test func aResetMayComeInTheMiddleOfARequest() async throws {
        try await withReceiver(program(ConnectionRule(.resetAfter(bytes: 1_000_000), connections: 1...1))) { receiver in
            let client = try await RawConnection.open(port: receiver.port)
            // As far as it may.
            try await client.send(String(flood.utf8.prefix(900_000))!)
            #expect(client.isQuiet && receiver.stats().totals.resets == 0)
            try await client.send(String(flood.utf8.prefix(200_000))!)
            #expect(try await client.isCut())
            #expect(receiver.stats().totals.resets == 1 && receiver.stats().totals.requests == 0)
            #expect(try await isServed(receiver.port))
        }
    }

    @Test func connectionsAreRefusedByTheKernel() async throws {
        try await withReceiver { receiver in
            let open = try await RawConnection.open(port: receiver.port)
            try await open.send(WebhookRequest().text)
            #expect(try await open.read { $0.hasSuffix("\r\n\r\n") }.hasPrefix("HTTP/1.1 200"))
            receiver.replace(program(ConnectionRule(.refuse)))
            // Who is connected is thrown out; who comes is refused.
            #expect(try await open.isCut())
            let error = await #expect(throws: NIOConnectionError.self) {
                try await RawConnection.open(port: receiver.port)
            }
            #expect((error?.connectionErrors.first?.error as? IOError)?.errnoCode == ECONNREFUSED)
            receiver.replace(BehaviourProgram())
            try await untilServed(receiver.port)
        }
    }

    @Test func aRefusalEndsWithItsWindow() async throws {
        // A busy machine may miss a short window.
        var wasRefused = false
        for milliseconds in [150, 1_500, 15_000] where !wasRefused {
            try await withReceiver(program(ConnectionRule(.refuse, window: TimeWindow(to: milliseconds)))) { receiver in
                wasRefused = try await !isServed(receiver.port)
                if wasRefused { try await untilServed(receiver.port, seconds: 30) }
            }
        }
        #expect(wasRefused)
    }

    private func untilServed(_ port: Int, seconds: Int = 10) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while try await !isServed(port) {
            guard ContinuousClock.now < end else {
                Issue.record("the port stays closed")
                return
            }
        }
    }

    @Test func windowsKnowTheirNextChange() {
        let window = TimeWindow(from: 100, to: 200, every: 1_000)
        #expect([0, 100, 199, 200, 1_050].map { window.change(after: $0) } == [100, 200, 200, 1_000, 1_100])
        #expect([0, 100, 200].map { TimeWindow(from: 100, to: 200).change(after: $0) } == [100, 200, nil])
        #expect(TimeWindow().change(after: 0) == nil)
    }
}
