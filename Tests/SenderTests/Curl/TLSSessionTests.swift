import NIOSSL
import Sender
import TestSupport
import Testing
import WebhookModel

private let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/// TLS sessions that are continued on further connections: for those who would share a connection, and nobody else.
@Suite("TLS sessions", .timeLimit(.minutes(5)))
struct TLSSessionTests {
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA
    private let issued: ThrowawayCA.Issued

    init() {
        ca = ThrowawayCA(directory: folder.path)
        issued = ca.issue(commonName: "hooks", dnsNames: ["hooks.example"], ipAddresses: ["127.0.0.1"])
    }

    private func endpoint(
        _ number: UInt32, _ port: Int, _ choose: (inout EndpointConnection) -> Void = { _ in }
    ) -> Endpoint {
        var connection = EndpointConnection()
        choose(&connection)
        return Sample.endpoint(
            number, tenant: number, url: "https://127.0.0.1:\(port)/", timeout: 10_000, connection: connection)
    }

    /// Delivers to each endpoint in turn, each time on a new connection, and returns the counts.
    private func tally(
        of endpoints: [(Int) -> Endpoint], as identity: ServerIdentity, rounds: UInt64 = 1,
        configure: (inout SenderConfiguration) -> Void = { _ in }
    ) async throws -> SenderTally {
        let server = try await RawServer.start(as: identity) { _, _ in .sendAndClose(closing) }
        var tally = SenderTally()
        try await SenderBench.run(configure: {
            $0.authoritiesFile = ca.certificateFile
            configure(&$0)
        }) { bench in
            var position: UInt64 = 0
            for _ in 0..<rounds {
                for endpoint in endpoints {
                    position += 1
                    #expect(await bench.deliver(position, to: endpoint(server.port)).outcome == .delivered)
                }
            }
            tally = bench.finalTally()
            #expect(tally.newConnections == position && tally.fullHandshakes + tally.resumedHandshakes == position)
        }
        #expect(server.connections == Int(tally.newConnections))
        await server.stop()
        return tally
    }

    @Test("a further connection continues the session, with TLS 1.2 and 1.3", arguments: [TLSVersion.tlsv12, .tlsv13])
    func resumed(version: TLSVersion) async throws {
        var identity = ServerIdentity(issued)
        identity.most = version
        let tally = try await tally(of: [{ endpoint(1, $0) }], as: identity, rounds: 5)
        #expect(tally.fullHandshakes == 1 && tally.resumedHandshakes == 4)
        #expect(tally.resumedShare == 0.8)
    }

    @Test("endpoints of one host continue each other's sessions, as they share connections")
    func shared() async throws {
        let tally = try await tally(of: [{ endpoint(1, $0) }, { endpoint(2, $0) }], as: ServerIdentity(issued))
        #expect(tally.fullHandshakes == 1 && tally.resumedHandshakes == 1)
    }

    // A session says that a certificate was checked: under other settings it must be checked again.
    @Test("an endpoint with pinned keys continues its own sessions only, and none is continued by others")
    func pinned() async throws {
        let pin = issued.pin
        let tally = try await tally(
            of: [
                { endpoint(1, $0) }, { endpoint(2, $0) { $0.pinnedKeys = [pin] } },
                { endpoint(3, $0) { $0.pinnedKeys = [pin] } },
            ], as: ServerIdentity(issued), rounds: 2)
        #expect(tally.fullHandshakes == 3 && tally.resumedHandshakes == 3)
    }

    @Test("a pin that does not match is not forgotten because another endpoint has a session")
    func wrongPin() async throws {
        let server = try await RawServer.start(as: ServerIdentity(issued)) { _, _ in .sendAndClose(closing) }
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }) { bench in
            #expect(await bench.deliver(1, to: endpoint(1, server.port)).outcome == .delivered)
            let zeros = "sha256//" + String(repeating: "A", count: 43) + "="
            let wrong = endpoint(2, server.port) { $0.pinnedKeys = [zeros] }
            #expect(await bench.deliver(2, to: wrong).outcome == .certificateNotPinned)
        }
        #expect(server.requests.count == 1)
        await server.stop()
    }

    @Test("without the session of another library's version every handshake is full")
    func withoutSessions() async throws {
        let tally = try await tally(
            of: [{ endpoint(1, $0) }], as: ServerIdentity(issued), rounds: 3, configure: { $0.takesSessions = false })
        #expect(tally.fullHandshakes == 3 && tally.resumedHandshakes == 0)
    }

    @Test("a server that does not know the session makes a full handshake, and the delivery does not notice")
    func forgotten() async throws {
        // Two servers with keys of their own behind one name: neither knows the other's sessions.
        let one = try await RawServer.start(as: ServerIdentity(issued)) { _, _ in .sendAndClose(closing) }
        let port = one.port
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }) { bench in
            #expect(await bench.deliver(1, to: endpoint(1, port)).outcome == .delivered)
            await one.stop()
            let two = try await RawServer.start(as: ServerIdentity(issued), port: port) { _, _ in .sendAndClose(closing)
            }
            #expect(await bench.deliver(2, to: endpoint(1, port)).outcome == .delivered)
            #expect(await bench.deliver(3, to: endpoint(1, port)).outcome == .delivered)
            let tally = bench.finalTally()
            #expect(tally.fullHandshakes == 2 && tally.resumedHandshakes == 1)
            await two.stop()
        }
    }
}
