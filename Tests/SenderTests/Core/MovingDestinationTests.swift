import NIOSSL
import Sender
import TestSupport
import Testing
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/// Destinations that cannot be reached: each cause has its own outcome.
@Suite("Moving destinations", .timeLimit(.minutes(5)))
struct MovingDestinationTests {
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA

    init() { ca = ThrowawayCA(directory: folder.path) }

    private func outcome(
        of identity: ServerIdentity, url: (Int) -> String = { "https://127.0.0.1:\($0)/" }
    ) async throws -> Outcome {
        let server = try await RawServer.start(as: identity) { _, _ in .send(ok) }
        var outcome = Outcome.delivered
        try await SenderBench.run(
            names: ["hooks.example": "127.0.0.1"], configure: { $0.authoritiesFile = ca.certificateFile }
        ) { bench in
            outcome = await bench.deliver(to: Sample.endpoint(url: url(server.port), timeout: 3_000)).outcome
        }
        #expect(outcome.isDelivered || server.requests.isEmpty)
        await server.stop()
        return outcome
    }

    private func issue(_ address: String = "127.0.0.1", name: String = "hooks.example", days: Int = 1) -> ServerIdentity
    {
        ServerIdentity(ca.issue(commonName: name, dnsNames: [name], ipAddresses: [address], validDays: days))
    }

    @Test("a valid certificate is a delivery, by address and by name")
    func validCertificate() async throws {
        #expect(try await outcome(of: issue()) == .delivered)
        #expect(try await outcome(of: issue(), url: { "https://hooks.example:\($0)/" }) == .delivered)
    }

    @Test("a certificate that expired, is for another host, or is from an untrusted authority")
    func certificates() async throws {
        #expect(try await outcome(of: issue(days: -1)) == .certificateExpired)
        #expect(try await outcome(of: issue("127.0.0.2")) == .certificateWrongHost)
        let elsewhere = issue(name: "other.example")
        #expect(try await outcome(of: elsewhere, url: { "https://hooks.example:\($0)/" }) == .certificateWrongHost)
        let unknown = ThrowawayCA(directory: folder.path, name: "Nobody").issue(
            commonName: "hooks", ipAddresses: ["127.0.0.1"])
        #expect(try await outcome(of: ServerIdentity(unknown)) == .certificateUntrusted)
    }

    @Test("a TLS version that is too old fails the handshake", arguments: [false, true])
    func oldProtocol(isOld: Bool) async throws {
        var identity = issue()
        identity.most = isOld ? .tlsv11 : .tlsv12
        #expect(try await outcome(of: identity) == (isOld ? .tlsHandshakeFailed : .delivered))
    }

    @Test("a handshake that never ends is distinguished from a connection that is never accepted")
    func silentTLS() async throws {
        let server = try await RawServer.start { _, _ in .keepSilent }
        try await SenderBench.run(connectMilliseconds: 300) { bench in
            let report = await bench.deliver(to: Sample.endpoint(url: "https://127.0.0.1:\(server.port)/"))
            #expect(report.outcome == .tlsTimedOut)
        }
        await server.stop()
    }

    @Test("a host that never accepts the connection")
    func blackHole() async throws {
        let listener = try FullListener()
        try await SenderBench.run(connectMilliseconds: 300) { bench in
            let report = await bench.deliver(to: .local(listener.port))
            #expect(report.outcome == .connectTimedOut)
            #expect((290_000...3_000_000).contains(report.phases.total))
        }
    }

    @Test("a name that does not exist, and one whose servers fail")
    func names() async throws {
        try await SenderBench.run(
            try AddressGuard(allow: ["127.0.0.0/8"]),
            resolve: { $0 == "gone.example" ? .failed(.notFound) : .failed(.serverFailed) }
        ) { bench in
            let gone = Sample.endpoint(1, url: "https://gone.example/")
            #expect(await bench.deliver(1, to: gone).outcome == .nameNotFound)
            // Servers that fail since a moment ago: the delivery goes back, and uses no attempt.
            bench.offer(2...2, to: Sample.endpoint(2, url: "https://failing.example/"))
            let back = await bench.returned()
            #expect(back.delivery.position.value == 2 && back.attempts == 0)
        }
    }
}
