import MockReceiver
import Testing

@Suite(.timeLimit(.minutes(5))) struct WaitingTests {
    @Test func endsAsSoonAsTheConditionHolds() async throws {
        try await withReceiver { receiver in
            async let accepted = receiver.wait(for: .accepted(3), timeout: .seconds(30))
            async let requests = receiver.wait(for: .requests(4), timeout: .seconds(30))
            let texts = [0, 1, 2, 2].map { WebhookRequest.numbered($0).text }
            _ = try await RawClient.statuses(from: receiver.port, texts)
            #expect(await accepted)
            #expect(await requests)
            #expect(await receiver.wait(for: .accepted(3), timeout: .zero))
        }
    }

    @Test func endsWhenTheTimeIsOver() async throws {
        try await withReceiver { receiver in
            #expect(await !receiver.wait(for: .accepted(1), timeout: .milliseconds(5)))
            #expect(await !receiver.wait(for: .accepted(1), timeout: .zero))
        }
    }

    @Test func endsWhenCancelledOrStopped() async throws {
        let receiver = try await ReceiverServer.start()
        let cancelled = Task { await receiver.wait(for: .requests(1), timeout: .seconds(30)) }
        cancelled.cancel()
        #expect(await !cancelled.value)
        async let stopped = receiver.wait(for: .requests(1), timeout: .seconds(30))
        try await receiver.stop()
        #expect(await !stopped)
    }

    @Test func aPortInUseIsNamed() async throws {
        try await withReceiver { receiver in
            var second = ReceiverConfiguration()
            second.port = receiver.port
            let error = await #expect(throws: ListenError.self) { try await ReceiverServer.start(second) }
            #expect(
                error?.description
                    == "cannot listen on 127.0.0.1:\(receiver.port) for the data port: Address already in use")
            second.port = 0
            second.adminPort = receiver.port
            let admin = await #expect(throws: ListenError.self) { try await ReceiverServer.start(second) }
            #expect(admin?.which == .admin)
        }
    }
}
