import Sender
import Settings
import TestSupport
import Testing
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
private let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/// Names with several addresses, of which some do not work (RFC 8305). F18: each cost an attempt, and the policy's delay.
@Suite("Addresses", .timeLimit(.minutes(5)))
struct AddressTests {
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA
    private let identity: ServerIdentity

    init() {
        ca = ThrowawayCA(directory: folder.path)
        identity = ServerIdentity(ca.issue(commonName: "hooks", dnsNames: ["hooks.example"]))
    }

    private func run(
        _ addresses: [String], allow: [String] = ["127.0.0.0/8", "::1/128"], connectMilliseconds: Int64 = 5_000,
        _ body: (SenderBench) async throws -> Void
    ) async throws {
        let found = addresses.compactMap { IPAddress($0) }
        try await SenderBench.run(
            try AddressGuard(allow: allow), resolve: { _ in .found(found) }, connectMilliseconds: connectMilliseconds,
            configure: { $0.authoritiesFile = ca.certificateFile }, body)
    }

    private func endpoint(_ port: Int, scheme: String = "http", http2: Bool = false) -> Endpoint {
        var connection = EndpointConnection()
        connection.http2 = http2
        return Sample.endpoint(
            url: "\(scheme)://hooks.example:\(port)/", timeout: 10_000, connection: http2 ? connection : nil)
    }

    @Test(
        "an address that refuses costs no attempt; the next one is used at once, and first from then on",
        arguments: [
            ["127.0.0.2", "127.0.0.1"], ["::1", "127.0.0.1"], ["127.0.0.4", "::1", "127.0.0.2", "127.0.0.1"],
        ])
    func refused(addresses: [String]) async throws {
        let server = try await RawServer.start { _, _ in .send(closing) }
        try await run(addresses) { bench in
            for position in UInt64(1)...3 {
                let report = await bench.deliver(position, to: endpoint(server.port))
                #expect(report.outcome == .delivered && report.attempt == 1 && report.address == "127.0.0.1")
            }
            // Each address was tried once; afterwards only the one that works.
            #expect(bench.finalTally().newConnections == UInt64(addresses.count + 2))
        }
        #expect(server.connections == 3)
        await server.stop()
    }

    @Test("an address that does not answer costs a quarter of a second, and no attempt")
    func blackHole() async throws {
        let server = try await RawServer.start { _, _ in .send(closing) }
        let hole = try FullListener(address: 0x7F00_0003, port: server.port)
        try await run(["127.0.0.3", "127.0.0.1"]) { bench in
            let first = await bench.deliver(1, to: endpoint(server.port))
            #expect(first.outcome == .delivered && first.address == "127.0.0.1")
            #expect((240_000...4_000_000).contains(first.phases.total))
            let second = await bench.deliver(2, to: endpoint(server.port))
            #expect(second.outcome == .delivered)
            #expect(bench.finalTally().newConnections == 3)
        }
        withExtendedLifetime(hole) {}
        #expect(server.connections == 2)
        await server.stop()
    }

    @Test("what waits for a connection to an address that fails goes to the next one with it")
    func waiting() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        let hole = try FullListener(address: 0x7F00_0003, port: server.port)
        try await run(["127.0.0.3", "127.0.0.2", "127.0.0.1"]) { bench in
            bench.offer(1...40, to: endpoint(server.port))
            let reports = await bench.reports(40)
            #expect(reports.allSatisfy { $0.outcome == .delivered && $0.address == "127.0.0.1" })
            let tally = bench.finalTally()
            #expect(tally.attempts == 40 && tally.breakersOpened == 0)
        }
        withExtendedLifetime(hole) {}
        #expect(server.requests.count == 40)
        await server.stop()
    }

    @Test("the same over TLS, with HTTP/1.1 and with HTTP/2", arguments: [false, true])
    func secure(http2: Bool) async throws {
        let server = try await RawServer.start(as: identity) { _, _ in .send(ok) }
        let shared = try await HTTP2Server.start(identity) { _, _ in [.headers(end: true)] }
        let port = http2 ? shared.port : server.port
        let hole = try FullListener(address: 0x7F00_0003, port: port)
        try await run(["127.0.0.2", "127.0.0.3", "127.0.0.1"]) { bench in
            bench.offer(1...20, to: endpoint(port, scheme: "https", http2: http2))
            let reports = await bench.reports(20)
            #expect(reports.allSatisfy { $0.outcome == .delivered && $0.address == "127.0.0.1" })
            #expect(bench.finalTally().attempts == 20)
        }
        withExtendedLifetime(hole) {}
        #expect(http2 ? shared.requests == 20 : server.requests.count == 20)
        await server.stop()
        await shared.stop()
    }

    @Test("an address that is not allowed is passed over, and nothing is sent to it")
    func guarded() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        // Allowed are 127.0.0.2, where nobody listens, and nothing else: the server's own address must not be tried.
        try await run(["127.0.0.1", "127.0.0.2"], allow: ["127.0.0.2/32"]) { bench in
            let report = await bench.deliver(1, to: endpoint(server.port))
            #expect(report.outcome == .connectRefused && report.address == "127.0.0.2")
        }
        #expect(server.connections == 0)
        await server.stop()
    }

    @Test("where no address works, the attempt fails once and in time")
    func none() async throws {
        let port = try await FreePort.choose()
        let hole = try FullListener(address: 0x7F00_0003, port: port)
        try await run(["127.0.0.2", "127.0.0.3", "127.0.0.4"], connectMilliseconds: 600) { bench in
            let report = await bench.deliver(1, to: endpoint(port))
            #expect([.connectRefused, .connectTimedOut].contains(report.outcome))
            #expect(report.phases.total < 5_000_000)
            let tally = bench.finalTally()
            #expect(tally.attempts == 1 && tally.newConnections == 3)
        }
        withExtendedLifetime(hole) {}
    }

    @Test("a certificate that is not good is the server's word, whichever address: the others are not tried")
    func certificate() async throws {
        let other = ServerIdentity(ca.issue(commonName: "other", dnsNames: ["other.example"]))
        let server = try await RawServer.start(as: other) { _, _ in .send(ok) }
        try await run(["127.0.0.1", "127.0.0.2"]) { bench in
            let report = await bench.deliver(1, to: endpoint(server.port, scheme: "https"))
            #expect(report.outcome == .certificateWrongHost)
            #expect(bench.finalTally().newConnections == 1)
        }
        await server.stop()
    }

    @Test("a proxy with several addresses is reached by the one that works")
    func proxy() async throws {
        let proxy = try await RawServer.start { _, request in
            .send(request == 1 ? "HTTP/1.1 200 Connection established\r\n\r\n" : ok)
        }
        var connection = EndpointConnection()
        connection.proxy = .through(EgressProxy(host: "proxy.example", port: UInt16(proxy.port)))
        let endpoint = Sample.endpoint(url: "http://8.8.4.4/", timeout: 10_000, connection: connection)
        try await run(["127.0.0.2", "127.0.0.1"]) { bench in
            #expect(await bench.deliver(1, to: endpoint).outcome == .delivered)
            #expect(bench.finalTally().attempts == 1)
        }
        #expect(proxy.connections == 1)
        await proxy.stop()
    }
}
