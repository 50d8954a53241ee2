import Glibc
import Sender
import TestSupport
import Testing
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
private let later = "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"

/// Pooled connections, data that arrives on them without a request, addresses, and the end of a sender.
@Suite("Connections", .timeLimit(.minutes(5)))
struct ConnectionTests {
    @Test("a connection is used again")
    func reuse() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            #expect(await !bench.deliver(1, to: endpoint).reusedConnection)
            for position in UInt64(2)...10 {
                #expect(await bench.deliver(position, to: endpoint).reusedConnection)
            }
            let tally = bench.sender.snapshot()
            #expect(tally.newConnections == 1)
            #expect(tally.reusedConnections == 9)
            #expect(tally.delivered == 10)
        }
        #expect(server.connections == 1)
        await server.stop()
    }

    @Test("an answer that was received before the request is not its answer")
    func staleAnswer() async throws {
        let server = try await RawServer.start { _, request in .send(ok) }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            #expect(await bench.deliver(1, to: endpoint).outcome == .delivered)
            // libcurl 7.88 takes this for the answer to the next request.
            try await server.sendUnrequested(ok)
            let second = await bench.deliver(2, to: endpoint)
            #expect(second.outcome == .delivered)
            #expect(!second.reusedConnection)
            #expect(bench.sender.snapshot().staleConnections == 1)
        }
        #expect(server.requests.count == 2)
        #expect(server.connections == 2)
        await server.stop()
    }

    @Test("data before the request is never an answer")
    func earlyAnswer() async throws {
        let server = try await RawServer.start(greeting: .send(ok)) { _, _ in .keepSilent }
        try await SenderBench.run { bench in
            var sent = 0
            for position in UInt64(1)...5 {
                let report = await bench.deliver(position, to: .local(server.port, timeout: 300))
                // The greeting may come after the look and before the answer that never comes: then it is the answer.
                if report.outcome != .answerMalformed { sent += 1 }
            }
            // The greeting may be read before the server has read the request.
            await server.waitForRequests(sent)
        }
        await server.stop()
    }

    @Test("a request that is repeated after its connection broke is counted, once")
    func hiddenRepeat() async throws {
        let server = try await RawServer.start { connection, request in
            connection == 1 && request == 2 ? .sendAndClose("") : .send(ok)
        }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            _ = await bench.deliver(1, to: endpoint)
            #expect(await bench.deliver(2, to: endpoint).outcome == .delivered)
            #expect(bench.sender.snapshot().possibleRepeats == 1)
        }
        #expect(server.requests.count == 3)
        await server.stop()
    }

    @Test("a last attempt is sent once, on a connection of its own")
    func lastAttempt() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            _ = await bench.deliver(1, to: endpoint)
            let last = await bench.deliver(2, to: endpoint, attempt: UInt16(endpoint.retry.attempts))
            #expect(!last.reusedConnection)
            #expect(await bench.deliver(3, to: endpoint).reusedConnection)
        }
        #expect(server.connections == 2)
        await server.stop()
    }

    @Test("a redirect is not followed")
    func redirect() async throws {
        let server = try await RawServer.start { _, _ in .keepSilent }
        let first = try await RawServer.start { _, _ in
            .send("HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:\(server.port)/\r\nContent-Length: 0\r\n\r\n")
        }
        try await SenderBench.run { bench in
            #expect(await bench.deliver(to: .local(first.port)).outcome == .redirect)
        }
        #expect(server.connections == 0)
        await server.stop()
        await first.stop()
    }

    @Test("loopback is refused unless it is allowed, by address and by name")
    func guarded() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run(allow: [], names: ["inside.example": "127.0.0.1"]) { bench in
            for host in ["127.0.0.1", "127.1", "[::ffff:127.0.0.1]", "inside.example"] {
                let report = await bench.deliver(to: Sample.endpoint(url: "http://\(host):\(server.port)/"))
                #expect(report.outcome == .addressForbidden)
                #expect(report.address.isEmpty)
            }
        }
        #expect(server.connections == 0)
        await server.stop()
    }

    @Test("a name is connected to at its vetted address and keeps its Host")
    func name() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run(names: ["hooks.example": "127.0.0.1"]) { bench in
            let endpoint = Sample.endpoint(url: "http://Hooks.example:\(server.port)/in?x=1")
            #expect(await bench.deliver(to: endpoint).outcome == .delivered)
            #expect(await bench.deliver(2, to: endpoint).reusedConnection)
            #expect(
                await bench.deliver(3, to: Sample.endpoint(2, url: "http://nowhere.example/")).outcome == .nameNotFound
            )
        }
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST /in?x=1 HTTP/1.1\r\n"))
        #expect(request.contains("\r\nHost: hooks.example:\(server.port)\r\n"))
        await server.stop()
    }

    @Test("the environment's proxy is not used")
    func proxy() async throws {
        let proxy = try await RawServer.start { _, _ in .send(ok) }
        let server = try await RawServer.start { _, _ in .send(later) }
        for name in ["http_proxy", "ALL_PROXY"] { setenv(name, "http://127.0.0.1:\(proxy.port)", 1) }
        defer { for name in ["http_proxy", "ALL_PROXY"] { unsetenv(name) } }
        try await SenderBench.run { bench in
            #expect(await bench.deliver(to: .local(server.port)).outcome == .unavailable)
        }
        #expect(proxy.connections == 0)
        await server.stop()
        await proxy.stop()
    }

    @Test("a silent endpoint occupies its own window only")
    func isolation() async throws {
        let silent = try await RawServer.start { _, _ in .keepSilent }
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run { bench in
            bench.offer(1...50, to: .local(silent.port, number: 1, window: 4))
            await silent.waitForRequests(4)
            bench.offer(51...150, to: .local(server.port, number: 2))
            #expect(await bench.reports(100).allSatisfy { $0.outcome == .delivered })
        }
        #expect(silent.requests.count == 4)
        await silent.stop()
        await server.stop()
    }

    @Test("stop waits for attempts in flight for its grace, and reports nothing about the others")
    func stop() async throws {
        let silent = try await RawServer.start { _, _ in .keepSilent }
        try await SenderBench.run { bench in
            bench.offer(1...3, to: .local(silent.port, window: 1))
            await silent.waitForRequests(1)
            bench.sender.stop(graceMilliseconds: 50)
            #expect(bench.untaken == 0)
        }
        #expect(silent.requests.count == 1)
        await silent.stop()
    }
}
