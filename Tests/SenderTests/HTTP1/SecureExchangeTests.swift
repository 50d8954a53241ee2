import Sender
import TestSupport
import Testing
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/// Exchanges over TLS: on sessions that libcurl lends, and through libcurl as with a version that lends none.
@Suite("Secure exchanges", .timeLimit(.minutes(5)))
struct SecureExchangeTests {
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA
    private let identity: ServerIdentity

    init() {
        ca = ThrowawayCA(directory: folder.path)
        identity = ServerIdentity(
            ca.issue(commonName: "hooks", dnsNames: ["hooks.example"], ipAddresses: ["127.0.0.1"]))
    }

    private func run(
        _ takesSessions: Bool, against script: @escaping RawServer.Script,
        _ body: (SenderBench, RawServer, Endpoint) async throws -> Void
    ) async throws {
        let server = try await RawServer.start(as: identity, script)
        let endpoint = Sample.endpoint(url: "https://127.0.0.1:\(server.port)/", timeout: 20_000)
        try await SenderBench.run(configure: {
            $0.authoritiesFile = ca.certificateFile
            $0.takesSessions = takesSessions
        }) { bench in
            try await body(bench, server, endpoint)
        }
        await server.stop()
    }

    @Test("one connection serves one attempt after the other", arguments: [true, false])
    func keepAlive(takesSessions: Bool) async throws {
        try await run(takesSessions, against: { _, _ in .send(ok) }) { bench, server, endpoint in
            for position in 1...20 as ClosedRange<UInt64> {
                let report = await bench.deliver(position, to: endpoint)
                #expect(report.outcome == .delivered && report.reusedConnection == (position > 1))
            }
            #expect(server.connections == 1 && server.requests.count == 20)
        }
    }

    @Test("an answer in many records is one answer", arguments: [true, false])
    func manyRecords(takesSessions: Bool) async throws {
        let body = String(repeating: "x", count: 40_000)
        let head = "HTTP/1.1 500 Broken\r\nContent-Length: 40000\r\n\r\n"
        try await run(takesSessions, against: { _, _ in .send(head + body) }) { bench, _, endpoint in
            for position in 1...3 as ClosedRange<UInt64> {
                let report = await bench.deliver(position, to: endpoint)
                #expect(report.status == 500 && report.reusedConnection == (position > 1))
            }
        }
    }

    @Test("data without a request on an idle connection is no answer", arguments: [true, false])
    func staleAnswer(takesSessions: Bool) async throws {
        try await run(takesSessions, against: { _, _ in .send(ok) }) { bench, server, endpoint in
            #expect(await bench.deliver(1, to: endpoint).outcome == .delivered)
            try await server.sendUnrequested(ok)
            await server.waitUntil { $0 == 0 }
            let report = await bench.deliver(2, to: endpoint)
            #expect(report.outcome == .delivered && !report.reusedConnection)
            #expect(server.carriers == [1, 2])
            #expect(bench.sender.snapshot().staleConnections == 1)
        }
    }

    @Test("a server that closes instead of answering has not received anything", arguments: [true, false])
    func closed(takesSessions: Bool) async throws {
        try await run(takesSessions, against: { _, _ in .sendAndClose("HTTP/1.1 2") }) { bench, _, endpoint in
            #expect(await bench.deliver(1, to: endpoint).outcome == .connectionReset)
        }
    }

    @Test("many deliveries at once to a cold host share the connections that are open first")
    func coldHost() async throws {
        try await run(true, against: { _, _ in .send(ok) }) { bench, server, endpoint in
            bench.offer(1...64, to: endpoint)
            let reports = await bench.reports(64)
            #expect(reports.allSatisfy { $0.outcome == .delivered })
            #expect(server.requests.count == 64 && server.connections <= 16)
            #expect(reports.count { !$0.reusedConnection } <= server.connections)
        }
    }

    // Where HTTP/2 is offered, those that wait for one connection share its failure, and wait once more.
    @Test("every delivery to a host that does not speak TLS fails in time", arguments: [(false, 6), (true, 2)])
    func deadHost(http2: Bool, connections: Int) async throws {
        let server = try await RawServer.start { _, _ in .keepSilent }
        let endpoint = Endpoint.overTLS(server.port, http2: http2, timeout: 5_000)
        try await SenderBench.run(connectMilliseconds: 300, configure: { $0.authoritiesFile = ca.certificateFile }) {
            bench in
            bench.offer(1...6, to: endpoint)
            let reports = await bench.reports(6)
            #expect(reports.allSatisfy { !$0.outcome.isDelivered && $0.phases.total < 5_000_000 })
            #expect(server.connections == connections)
        }
        await server.stop()
    }

    // OpenSSL wants the rest of a record from the memory where it was at first: the attempt ended with a broken connection.
    @Test("a request that the socket does not take at once is sent whole")
    func slowReader() async throws {
        try await run(true, against: { _, _ in .send(ok) }) { bench, server, endpoint in
            let payload = [UInt8](repeating: 0x61, count: Limits.payloadBytes)
            let report = await bench.deliver(1, to: endpoint, payload: payload)
            #expect(report.outcome == .delivered)
            #expect(server.requests.first?.utf8.suffix(payload.count).elementsEqual(payload) == true)
        }
    }
}
