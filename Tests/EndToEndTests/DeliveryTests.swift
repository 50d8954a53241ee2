import IngestClient
import MockReceiver
import Store
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite struct DeliveryTests {
        @Test func `one event becomes one signed POST`() async throws {
            try await withReceiver { receiver in
                let installation = try Installation(ProvisioningFile(.init(url: receiver.url("/in"))))
                let server = try await installation.start()
                let publisher = try await server.connect()
                #expect(publisher.welcome.durability == .synced)

                let receipt = try await publisher.publish(Events.event(1))
                #expect(receipt.status == .accepted)
                #expect(receipt.commit > 0)
                await receiver.expectRequests(1)
                try await server.stop()

                let request = try #require(receiver.journal().first)
                let headers = request.headers
                #expect(request.head.starts(with: Array("POST /in HTTP/1.1\r\n".utf8)))
                #expect(request.body == Array(#"{"total":42}"#.utf8))
                #expect(request.verdict == .valid)
                #expect(headers["webhook-id"] == Events.id(1).webhookID)
                #expect(headers["content-type"] == "application/json")
                #expect(headers["content-length"] == "12")
                #expect(headers["host"] == "127.0.0.1:\(receiver.port)")
                #expect(headers["user-agent"]?.hasPrefix("Needletail/") == true)
                #expect(headers["webhook-signature"]?.hasPrefix("v1,") == true)
                #expect(headers["expect"] == nil)
                let totals = receiver.stats().totals
                #expect((totals.requests, totals.accepted, totals.duplicates) == (1, 1, 0))
                let rows = try StoredDeliveries.read(installation.data)
                #expect(rows.map(\.state) == [.delivered])
                #expect(rows.map(\.attempts) == [1])
            }
        }

        @Test func `each matching endpoint gets its own delivery`() async throws {
            try await withReceiver { receiver in
                let file = ProvisioningFile(
                    .init(name: "all", url: receiver.url("/all")),
                    .init(name: "orders", url: receiver.url("/orders"), events: "order.*"),
                    .init(name: "refunds", url: receiver.url("/refunds"), events: "refund"))
                let server = try await Installation(file).start()
                let publisher = try await server.connect()
                _ = try await publisher.publish([Events.event(1), Events.event(2, type: "refund")])
                await receiver.expectRequests(4)
                try await server.stop()
                #expect(receiver.accepted("/all") == 2)
                #expect(receiver.accepted("/orders") == 1)
                #expect(receiver.accepted("/refunds") == 1)
                #expect(receiver.stats().totals.unverified == 0)
            }
        }

        @Test func `a failed attempt is made again with a fresh signature`() async throws {
            let rule = BehaviourProgram.Rule(.all, Behaviour(failFirst: 2))
            try await withReceiver([rule]) { receiver in
                // Over a second, so that the timestamp must have moved on.
                let endpoint = ProvisioningFile.Endpoint(url: receiver.url("/in"), delays: "50ms, 1100ms")
                let installation = try Installation(ProvisioningFile(endpoint))
                let server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1))
                await receiver.expectRequests(3)
                try await server.stop()

                let requests = Array(receiver.journal().reversed())
                #expect(requests.map(\.attempt) == [1, 2, 3])
                #expect(requests.map(\.status) == [503, 503, 200])
                #expect(requests.allSatisfy { $0.verdict == .valid })
                #expect(Set(requests.map(\.id)) == [Events.id(1).webhookID])
                #expect(Set(requests.map(\.body)).count == 1)
                let times = requests.compactMap { $0.headers["webhook-timestamp"].flatMap(Int.init) }
                try #require(times.count == 3)
                #expect(times[0] <= times[1] && times[1] < times[2])
                #expect(receiver.stats().totals.duplicates == 0)
                #expect(try StoredDeliveries.read(installation.data).map(\.attempts) == [3])
            }
        }

        @Test func `after the last attempt a delivery is a dead letter`() async throws {
            let rule = BehaviourProgram.Rule(.exact("/broken"), Behaviour(reply: .answer(Answer(status: 500))))
            try await withReceiver([rule]) { receiver in
                let file = ProvisioningFile(
                    .init(name: "broken", url: receiver.url("/broken"), events: "first", delays: "20ms, 20ms"),
                    .init(name: "sound", url: receiver.url("/sound"), events: "second"))
                let installation = try Installation(file)
                var server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1, type: "first"))
                await receiver.expectRequests(3)
                try await server.stop()
                let end = try #require(try await server.process.line(with: "needletail ended"))
                #expect(end.contains("dead=1") && end.contains("delivered=0") && end.contains("pending=0"))
                let rows = try StoredDeliveries.read(installation.data)
                #expect(rows.map(\.state) == [.deadLettered])
                #expect(rows.map(\.attempts) == [3])
                #expect(rows.map(\.status) == [500])

                // A restart does not begin anew with it.
                server = try await installation.start()
                _ = try await server.connect().publish(Events.event(2, type: "second"))
                await receiver.expectRequests(4)
                try await server.stop()
                #expect(receiver.stats().totals.requests == 4)
                #expect(receiver.accepted("/sound") == 1)
            }
        }
    }
}
