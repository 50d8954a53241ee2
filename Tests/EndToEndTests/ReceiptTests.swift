import IngestClient
import MockReceiver
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite struct ReceiptTests {
        private static let listedKey = "nt_a_key_with_a_list"

        private func file(_ url: String) -> ProvisioningFile {
            var file = ProvisioningFile(tenants: [
                .init(name: "acme", endpoints: [.init(url: url, events: "order.*")]),
                .init(name: "globex", endpoints: [.init(url: url)]),
                .init(name: "closed", isEnabled: false, endpoints: [.init(url: url)]),
            ])
            file.keys.append(.init(name: "listed", text: ReceiptTests.listedKey, tenants: "[acme]"))
            return file
        }

        @Test func `every event of a call gets its own status`() async throws {
            try await withReceiver { receiver in
                let server = try await Installation(file(receiver.url("/in"))).start()
                let publisher = try await server.connect()
                var zero = Events.event(0)
                zero.id = EventID(high: 0, low: 0)
                var large = Events.event(6)
                large.payload = [UInt8](repeating: 0x20, count: Int(publisher.welcome.eventBytes) + 1)
                let cases: [(OutgoingEvent, ProtocolStatus)] = [
                    (Events.event(1), .accepted),
                    (Events.event(1), .duplicate),
                    (Events.event(1, payload: "{}"), .conflict),
                    (Events.event(2, tenant: "nobody"), .unknownTenant),
                    (Events.event(3, tenant: "closed"), .tenantDisabled),
                    (Events.event(4, type: "unwanted"), .acceptedNoMatch),
                    (zero, .malformed),
                    (Events.event(5, type: ""), .malformed),
                    (large, .tooLarge),
                    (Events.event(7), .accepted),
                ]
                let receipts = try await publisher.publish(cases.map(\.0))
                #expect(receipts.map(\.status) == cases.map(\.1))
                #expect(receipts.map(\.id) == cases.map(\.0.id))
                #expect(receipts.allSatisfy { ($0.commit > 0) == $0.isStored })
                #expect(await receiver.missing([Events.id(1), Events.id(7)], path: "/in") == [])
                try await server.stop()
                #expect(receiver.stats().totals.requests == 2)
            }
        }

        @Test func `a key allows only the tenants of its list`() async throws {
            try await withReceiver { receiver in
                let server = try await Installation(file(receiver.url("/in"))).start()
                let publisher = try await server.connect(key: ReceiptTests.listedKey)
                let events = [
                    Events.event(1), Events.event(2, tenant: "globex"), Events.event(3, tenant: "nobody"),
                ]
                let statuses = try await publisher.publish(events).map(\.status)
                // Whether a tenant exists is not told to who may not use it.
                #expect(statuses == [.accepted, .forbidden, .forbidden])
                #expect(await receiver.missing([Events.id(1)], path: "/in") == [])
                try await server.stop()
                #expect(receiver.stats().totals.requests == 1)
            }
        }

        @Test func `an event id is remembered over a restart`() async throws {
            try await withReceiver { receiver in
                let installation = try Installation(file(receiver.url("/in")))
                for (index, expected) in [ProtocolStatus.accepted, .duplicate].enumerated() {
                    let server = try await installation.start()
                    let receipt = try await server.connect().publish(Events.event(1))
                    #expect(receipt.status == expected, "start \(index + 1)")
                    #expect(await receiver.missing([Events.id(1)], path: "/in") == [])
                    try await server.stop()
                }
                #expect(receiver.stats().totals.requests == 1)
            }
        }
    }
}
