import IngestClient
import MockReceiver
import NIOCore
import NIOPosix
import Store
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite struct AddressGuardTests {
        @Test func `a start with an endpoint that nothing can be delivered to fails with its place`() async throws {
            for url in ["http://127.0.0.1:9/in", "http://localhost:9/in", "https://a.example:22/"] {
                var installation = try Installation(ProvisioningFile(.init(url: url)))
                installation.networks = []
                let failure = await #expect(throws: Installation.DidNotStart.self) { try await installation.start() }
                let lines = failure?.lines ?? []
                let named = lines.contains { $0.contains("provision.yaml:") && $0.contains(": url \"\(url)") }
                #expect(named, "\(lines)")
            }
        }

        @Test func `a loopback endpoint is refused unless its network is allowed`() async throws {
            let sentinel = try await Sentinel.start()
            var installation = try Installation(
                ProvisioningFile(.init(url: "http://127.0.0.1:\(sentinel.port)/in", delays: "1h")))
            // Stored while its network was allowed.
            try await installation.start().stop()
            installation.networks = []
            installation.provisions = false
            let server = try await installation.start()
            #expect(try await server.connect().publish(Events.event(1)).status == .accepted)
            try await server.stop()
            #expect(sentinel.connections.value == 0)
            let rows = try StoredDeliveries.read(installation.data)
            #expect(rows.count == 1)
            #expect(rows.allSatisfy { $0.attempts == 0 || $0.outcome == .addressForbidden })
            try await sentinel.stop()
        }

        @Test func `an allowed port allows that port only, and a refused address needs no second attempt`() async throws
        {
            let sentinel = try await Sentinel.start()
            try await withReceiver { receiver in
                var installation = try Installation(
                    ProvisioningFile(
                        .init(name: "inside", url: "http://127.0.0.1:\(sentinel.port)/in", delays: "1h"),
                        .init(name: "named", url: "http://localhost:\(sentinel.port)/in", delays: "1h"),
                        .init(name: "mapped", url: "http://[::ffff:127.0.0.1]:\(sentinel.port)/in", delays: "1h"),
                        .init(name: "opened", url: receiver.url("/in"))))
                try await installation.start().stop()
                installation.networks = ["127.0.0.0/8:\(receiver.port)"]
                installation.provisions = false
                let server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1))
                #expect(await receiver.missing([Events.id(1)], path: "/in") == [])
                try await server.stop()
                #expect(sentinel.connections.value == 0)

                let rows = try StoredDeliveries.read(installation.data)
                try #require(rows.count == 4)
                // The name's answer may come after the end; the addresses need none.
                for row in [rows[0], rows[2]] {
                    #expect(row.state == .deadLettered)
                    #expect(row.outcome == .addressForbidden)
                    #expect(row.attempts == 1)
                }
                #expect(rows[1].state == .scheduled)
                #expect(rows[3].state == .delivered)
            }
            try await sentinel.stop()
        }

        @Test func `our own port is refused even if the system chose it`() async throws {
            try await withReceiver { receiver in
                var file = ProvisioningFile(
                    .init(name: "self", url: "http://127.0.0.1:9/", delays: "1h"),
                    .init(name: "other", url: receiver.url("/in")))
                let installation = try Installation(file)
                let server = try await installation.start()
                file.tenants[0].endpoints[0].url = "http://127.0.0.1:\(server.port)/"
                try installation.provision(file)
                server.process.send(SIGHUP)
                _ = try await server.process.output.wait(for: "the new URL") { output in
                    output.lines.count { $0.contains("provisioned") } > 1 ? true : nil
                }
                _ = try await server.connect().publish(Events.event(1))
                #expect(await receiver.missing([Events.id(1)], path: "/in") == [])
                try await server.stop()
                #expect(server.process.lines.filter { $0.contains("arrived on the ingest port") } == [])
                let rows = try StoredDeliveries.read(installation.data)
                try #require(rows.count == 2)
                #expect(rows[0].outcome == .addressForbidden)
                #expect(rows[1].state == .delivered)
            }
        }
    }
}

/// A listener that counts who comes: nobody should.
private struct Sentinel {
    let port: Int
    let connections: Watched<Int>
    private let channel: any Channel

    static func start() async throws -> Sentinel {
        let connections = Watched(0)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                connections.change { $0 += 1 }
                return channel.close()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return Sentinel(port: channel.localAddress?.port ?? 0, connections: connections, channel: channel)
    }

    func stop() async throws { try await channel.close() }
}
