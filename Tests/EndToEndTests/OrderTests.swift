import Foundation
import IngestClient
import MockReceiver
import TestSupport
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite struct OrderTests {
        /// Event n of a key, its place in the payload.
        private func event(_ number: UInt64, key: String, place: Int, deliverAt: Int64 = 0) -> OutgoingEvent {
            var event = Events.event(number, payload: "\(key) \(place)")
            event.orderingKey = key
            event.deliverAt = deliverAt
            return event
        }

        /// The places that arrived of a key, each attempt, in order of arrival.
        private func arrivals(_ receiver: ReceiverServer, _ key: String) -> [Int] {
            receiver.journal().reversed().map { String(decoding: $0.body, as: UTF8.self).split(separator: " ") }
                .filter { $0.first == Substring(key) }.compactMap { Int($0[1]) }
        }

        @Test func `events of one key arrive in order although the first attempt of each fails`() async throws {
            try await withReceiver([.init(.all, Behaviour(failFirst: 1))]) { receiver in
                let endpoint = ProvisioningFile.Endpoint(
                    url: receiver.url("/in"), delays: "20ms, 20ms",
                    more: ["secret: \(Sample.secret)", "ordering: by_key"])
                let server = try await Installation(ProvisioningFile(endpoint)).start()
                let keys = ["a", "b", "c"]
                let events = (0..<24).map { event(UInt64($0) + 1, key: keys[$0 % 3], place: $0 / 3) }
                _ = try await server.connect().publish(events)
                await receiver.expectRequests(48)
                try await server.stop()
                for key in keys { #expect(arrivals(receiver, key) == (0..<8).flatMap { [$0, $0] }) }
            }
        }

        @Test func `a dead letter holds its key over a restart until the file changes to skip`() async throws {
            let rule = BehaviourProgram.Rule(.exact("/in"), Behaviour(failFirst: 1))
            try await withReceiver([rule]) { receiver in
                var endpoint = ProvisioningFile.Endpoint(
                    url: receiver.url("/in"), delays: "",
                    more: ["secret: \(Sample.secret)", "ordering: by_key", "on_dead_letter: hold"])
                let installation = try Installation(ProvisioningFile(endpoint))
                var server = try await installation.start()
                _ = try await server.connect().publish((1...3).map { event($0, key: "a", place: Int($0)) })
                await receiver.expectRequests(1)
                try await server.stop()

                // "b" goes out, "a" does not: the restart knows of the hold.
                server = try await installation.start()
                _ = try await server.connect().publish([event(9, key: "b", place: 9)])
                await receiver.expectRequests(2)
                try await server.stop()
                #expect(arrivals(receiver, "a") == [1])

                endpoint.more[2] = "on_dead_letter: skip"
                try installation.provision(ProvisioningFile(endpoint))
                server = try await installation.start()
                await receiver.expectRequests(4)
                try await server.stop()
                #expect(arrivals(receiver, "a") == [1, 2, 3])
            }
        }

        @Test
        func `a delayed event arrives soon after its time and not before, even if the server was stopped meanwhile`()
            async throws
        {
            try await withReceiver { receiver in
                let installation = try Installation(ProvisioningFile(.init(url: receiver.url("/in"))))
                var server = try await installation.start()
                let at = Int64(Date().timeIntervalSince1970 * 1_000) + 2_000
                _ = try await server.connect().publish([
                    event(1, key: "", place: 1, deliverAt: at), event(2, key: "", place: 2),
                ])
                await receiver.expectRequests(1)
                try await server.stop()
                server = try await installation.start()
                await receiver.expectRequests(2)
                try await server.stop()
                let arrived = try #require(receiver.account(of: Events.id(1), path: "/in")?.firstSeen) / 1_000_000
                #expect(arrived >= at && arrived < at + 1_000, "\(arrived - at) ms after its time")
            }
        }
    }
}
