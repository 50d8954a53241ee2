import Scheduling
import Sender
import Settings
import TestSupport
import Testing
import Threading
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/// The second and the third check of an address, alone: the transport gets routes that no look-up vetted.
@Suite("Checks of the transport", .timeLimit(.minutes(5)))
struct ConnectionCheckTests {
    /// Drives a transport as a sender's loop does, one attempt at a time.
    private final class Driver {
        private let poller = Poller()
        private let transport: SenderTransport

        init(_ addressGuard: AddressGuard) {
            transport = SenderTransport(
                SenderConfiguration(allowHTTP: true, addressGuard: addressGuard, version: "test"), poller: poller,
                now: Instant.now().monotonic)
        }

        func deliver(to endpoint: Endpoint, at address: IPAddress, fresh: Bool = false) throws -> AttemptEnd {
            let target = try EndpointTarget(endpoint, allowHTTP: true)
            let delivery = DueDelivery(event: Sample.event(), endpoint: endpoint, attempt: 1, entry: .due(0))
            transport.now = Instant.now().monotonic
            transport.begin(
                AttemptOrder(
                    delivery: delivery, target: target, route: Route(to: target, address: address), startedAt: 0,
                    freshConnection: fresh))
            var ended: [AttemptEnd] = []
            while ended.isEmpty {
                transport.run()
                transport.collect(into: &ended)
                guard ended.isEmpty else { break }
                poller.wait(nanoseconds: transport.deadline.map { max(0, $0 - transport.now) } ?? 10_000_000)
                transport.now = Instant.now().monotonic
                poller.take { transport.ready($0, $1) }
            }
            return ended[0]
        }

        deinit { transport.close() }
    }

    private let inside = IPAddress(v4: 0x7F00_0001)

    @Test("no socket is opened to an address that the guard refuses")
    func openSocket() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        let endpoint = Sample.endpoint(url: "http://hooks.example:\(server.port)/")
        let driver = Driver(try AddressGuard())
        let end = try driver.deliver(to: endpoint, at: inside)
        #expect(end.report.outcome == .addressForbidden)
        #expect(end.report.address.isEmpty && end.report.phases == AttemptPhases())
        #expect(server.connections == 0)
        await server.stop()
    }

    @Test("no request is sent on a pooled connection to an address that is refused to this endpoint")
    func request() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        let url = "http://hooks.example:\(server.port)/"
        let driver = Driver(try AddressGuard())
        // The tenant's networks let the first through; libcurl then has a connection that fits the second.
        let allowed = Sample.endpoint(1, tenant: 1, url: url, tenantNetworks: ["127.0.0.0/8"])
        #expect(try driver.deliver(to: allowed, at: inside).report.outcome == .delivered)
        #expect(try driver.deliver(to: allowed, at: inside).report.reusedConnection)
        let end = try driver.deliver(to: Sample.endpoint(2, tenant: 2, url: url), at: inside)
        #expect(end.report.outcome == .addressForbidden)
        #expect(end.report.address.isEmpty && end.report.phases == AttemptPhases())
        #expect(server.requests.count == 2 && server.connections == 1)
        await server.stop()
    }

    @Test("an address that is not the vetted one is refused, even if it is allowed")
    func otherAddress() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        let driver = Driver(try AddressGuard(allow: ["127.0.0.0/8"]))
        let endpoint = Sample.endpoint(url: "http://hooks.example:\(server.port)/")
        #expect(try driver.deliver(to: endpoint, at: inside).report.outcome == .delivered)
        // The name moved: libcurl must not fall back to the connection that it has.
        let end = try driver.deliver(to: endpoint, at: IPAddress(v4: 0x7F00_0002))
        #expect(end.report.outcome == .connectRefused && end.report.address == "127.0.0.2")
        #expect(server.requests.count == 1)
        await server.stop()
    }
}
