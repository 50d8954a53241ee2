import IngestClient
import MockReceiver
import Store
import Testing
import WebhookModel

extension EndToEnd {
    /// A private network that is opened to one tenant, and what stays shut.
    @Suite struct TenantNetworksTests {
        @Test func `a network allowed for one tenant is allowed for that tenant only`() async throws {
            try await withReceiver { receiver in
                var file = ProvisioningFile(tenants: [
                    .init(
                        name: "acme", more: ["allow_networks: [127.0.0.0/8]"],
                        endpoints: [.init(name: "open", url: receiver.url("/acme"), delays: "1h")]),
                    .init(name: "other", endpoints: [.init(name: "shut", url: receiver.url("/other"), delays: "1h")]),
                ])
                file.keys = [.init(name: "tests", text: ProvisioningFile.key)]
                var installation = try Installation(file)
                // Stored while the server allowed the network to everybody.
                try await installation.start().stop()
                installation.networks = []
                installation.provisions = false
                let server = try await installation.start()
                let publisher = try await server.connect()
                _ = try await publisher.publish(Events.event(1))
                _ = try await publisher.publish(Events.event(2, tenant: "other"))
                #expect(await receiver.missing([Events.id(1)], path: "/acme") == [])
                try await server.stop()
                #expect(receiver.stats().totals.requests == 1)
                let rows = try StoredDeliveries.read(installation.data)
                #expect(rows.count == 2)
                #expect(rows.first?.state == .delivered)
                #expect(rows.dropFirst().allSatisfy { $0.attempts == 0 || $0.outcome == .addressForbidden })
            }
        }

        @Test func `a tenant cannot allow a network that the server denies`() async throws {
            try await withReceiver { receiver in
                let file = ProvisioningFile(tenants: [
                    .init(
                        more: ["allow_networks: [127.0.0.0/8]"],
                        endpoints: [.init(url: receiver.url("/in"), delays: "1h")])
                ])
                var installation = try Installation(file)
                try await installation.start().stop()
                installation.provisions = false
                installation.settings["NEEDLETAIL_SENDER_DENY_NETWORKS"] = "127.0.0.1:\(receiver.port)"
                let server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1))
                try await server.stop()
                #expect(receiver.stats().totals.requests == 0)
                let attempts = try StoredDeliveries.attempts(installation.data)
                #expect(attempts.map(\.outcome) == [.addressForbidden])
                #expect(attempts.allSatisfy { $0.address.isEmpty && $0.phases == AttemptPhases() })
            }
        }
    }
}
