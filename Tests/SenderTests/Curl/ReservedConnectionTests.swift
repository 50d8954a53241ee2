import Glibc
import Sender
import TestSupport
import Testing
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/// Connections that are not like all others: client certificates, authorities, pinned keys. Nobody else may use them.
@Suite("Reserved connections", .timeLimit(.minutes(5)))
struct ReservedConnectionTests {
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA
    private let identity: ThrowawayCA.Issued

    init() {
        ca = ThrowawayCA(directory: folder.path)
        identity = ca.issue(commonName: "hooks", dnsNames: ["hooks.example"], ipAddresses: ["127.0.0.1"])
    }

    private func endpoint(
        _ number: UInt32, _ port: Int, tenant: UInt32 = 1, _ choose: (inout EndpointConnection) throws -> Void
    ) rethrows -> Endpoint {
        var connection = EndpointConnection()
        try choose(&connection)
        return Sample.endpoint(
            number, tenant: tenant, url: "https://127.0.0.1:\(port)/\(number)", timeout: 3_000, connection: connection)
    }

    /// A certificate for clients, as an endpoint has it.
    private func client(_ name: String) throws -> ClientIdentity {
        let issued = ca.issue(commonName: name, isClient: true)
        return ClientIdentity(certificates: try text(issued.certificateFile), key: try text(issued.keyFile))
    }

    private func text(_ path: String) throws -> String {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 * 1_024)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test("two endpoints with different client certificates at one host never share a connection")
    func clientCertificates() async throws {
        let server = try await RawServer.start(as: ServerIdentity(identity, clientCA: ca.certificateFile)) { _, _ in
            .send(ok)
        }
        let one = try endpoint(1, server.port) { $0.identity = try client("one") }
        let two = try endpoint(2, server.port, tenant: 2) { $0.identity = try client("two") }
        let none = endpoint(3, server.port, tenant: 3) { _ in }
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }) { bench in
            for round in UInt64(0)..<5 {
                for endpoint in [one, two] {
                    let report = await bench.deliver(round * 2 + UInt64(endpoint.number.value), to: endpoint)
                    #expect(report.outcome == .delivered)
                    #expect(report.reusedConnection == (round > 0))
                }
            }
            // With TLS 1.3 the server says no after the handshake; then the request may be on its way.
            let refused = await bench.deliver(100, to: none)
            #expect([.clientCertificateRefused, .connectionReset].contains(refused.outcome))
        }
        #expect(server.carriers.count == 10)
        // The first user of a connection is its only user.
        let users = zip(server.carriers, server.requests).map { ($0, $1.prefix { $0 != "H" }) }
        for carrier in Set(server.carriers) { #expect(Set(users.filter { $0.0 == carrier }.map(\.1)).count == 1) }
        #expect(Set(server.carriers).count == 2)
        await server.stop()
    }

    @Test("a certificate without its key gets no pooled connection")
    func certificateOfAnother() async throws {
        let server = try await RawServer.start(as: ServerIdentity(identity, clientCA: ca.certificateFile)) { _, _ in
            .send(ok)
        }
        let genuine = try client("one")
        // libcurl 7.88 compares certificates before it uses a connection again, and no keys.
        let thief = ClientIdentity(certificates: genuine.certificates, key: try client("two").key)
        let one = endpoint(1, server.port) { $0.identity = genuine }
        let two = endpoint(2, server.port, tenant: 2) { $0.identity = thief }
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }) { bench in
            #expect(await bench.deliver(1, to: one).outcome == .delivered)
            #expect(await bench.deliver(2, to: two).outcome == .endpointUnusable)
            #expect(await bench.deliver(3, to: one).outcome == .delivered)
        }
        #expect(server.requests.allSatisfy { $0.hasPrefix("POST /1 ") })
        await server.stop()
    }

    @Test("the same choice at two endpoints makes two connections, and neither is shared")
    func notShared() async throws {
        let server = try await RawServer.start(as: ServerIdentity(identity)) { _, _ in .send(ok) }
        let pinned = endpoint(1, server.port) { $0.pinnedKeys = [identity.pin] }
        let alike = endpoint(2, server.port, tenant: 2) { $0.pinnedKeys = [identity.pin] }
        let plain = endpoint(3, server.port, tenant: 3) { _ in }
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }) { bench in
            for round in UInt64(0)..<3 {
                for (index, endpoint) in [pinned, alike, plain].enumerated() {
                    let report = await bench.deliver(round * 3 + UInt64(index) + 1, to: endpoint)
                    #expect(report.outcome == .delivered)
                }
            }
        }
        let users = zip(server.carriers, server.requests).map { "\($0) \($1.dropFirst(6).first!)" }
        #expect(Set(users).count == Set(server.carriers).count)
        await server.stop()
    }

    @Test("an endpoint's own authority is trusted for it, and only for it")
    func authorities() async throws {
        let other = ThrowawayCA(directory: folder.path, name: "Another CA")
        let foreign = other.issue(commonName: "hooks", ipAddresses: ["127.0.0.1"])
        let server = try await RawServer.start(as: ServerIdentity(foreign)) { _, _ in .send(ok) }
        let home = try await RawServer.start(as: ServerIdentity(identity)) { _, _ in .send(ok) }
        let authorities = try text(other.certificateFile)
        let own = endpoint(1, server.port) { $0.authorities = authorities }
        let ownAtHome = endpoint(2, home.port) { $0.authorities = authorities }
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }) { bench in
            #expect(await bench.deliver(1, to: own).outcome == .delivered)
            // The server's authorities do not count beside its own.
            #expect(await bench.deliver(2, to: ownAtHome).outcome == .certificateUntrusted)
            // One handle did all of it: what it was set to does not stay.
            #expect(await bench.deliver(3, to: endpoint(3, home.port) { _ in }).outcome == .delivered)
            #expect(await bench.deliver(4, to: endpoint(4, server.port) { _ in }).outcome == .certificateUntrusted)
        }
        await server.stop()
        await home.stop()
    }

    @Test("a pinned key accepts its own server and no other of the same authority")
    func pinnedKey() async throws {
        let server = try await RawServer.start(as: ServerIdentity(identity)) { _, _ in .send(ok) }
        let zeros = "sha256//" + String(repeating: "A", count: 43) + "="
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }) { bench in
            let right = endpoint(1, server.port) { $0.pinnedKeys = [zeros, identity.pin] }
            #expect(await bench.deliver(1, to: right).outcome == .delivered)
            let wrong = endpoint(2, server.port) { $0.pinnedKeys = [zeros] }
            #expect(await bench.deliver(2, to: wrong).outcome == .certificateNotPinned)
        }
        #expect(server.requests.count == 1)
        await server.stop()
    }

    @Test("changed settings take effect at the next attempt, on a new connection")
    func changedSettings() async throws {
        let server = try await RawServer.start(as: ServerIdentity(identity, clientCA: ca.certificateFile)) { _, _ in
            .send(ok)
        }
        let one = try endpoint(1, server.port) { $0.identity = try client("one") }
        let renewed = try endpoint(1, server.port) { $0.identity = try client("renewed") }
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }) { bench in
            #expect(await bench.deliver(1, to: one).outcome == .delivered)
            #expect(await bench.deliver(2, to: one).reusedConnection)
            let next = await bench.deliver(3, to: renewed)
            #expect(next.outcome == .delivered && !next.reusedConnection)
        }
        #expect(server.carriers == [1, 1, 2])
        await server.stop()
    }
}
