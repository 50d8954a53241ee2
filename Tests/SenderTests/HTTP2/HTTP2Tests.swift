import Sender
import TestSupport
import Testing
import WebhookModel

/// HTTP/2 over TLS, which an endpoint may choose: streams share connections, and what is cut off is no delivery.
@Suite("HTTP/2", .timeLimit(.minutes(5)))
struct HTTP2Tests {
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA
    private let identity: ServerIdentity

    init() {
        ca = ThrowawayCA(directory: folder.path)
        identity = ServerIdentity(ca.issue(commonName: "hooks", ipAddresses: ["127.0.0.1"]))
    }

    private func endpoint(_ port: Int, http2: Bool = true) -> Endpoint { .overTLS(port, http2: http2) }

    private func run(_ body: (SenderBench) async throws -> Void) async throws {
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }, body)
    }

    @Test("complete answers are deliveries, on one connection, even if the server sends frames in between")
    func whole() async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in
            [.headers(length: 5), .data("hello", end: true), .ping]
        }
        try await run { bench in
            for position in UInt64(1)...20 {
                let report = await bench.deliver(position, to: endpoint(server.port))
                #expect(report.outcome == .delivered && report.status == 200)
            }
        }
        #expect(server.requests == 20)
        #expect(server.connections == 1)
        await server.stop()
    }

    @Test("it is off by default, and a server without it gets HTTP/1.1")
    func choice() async throws {
        let server = try await RawServer.start(as: identity) { _, _ in .send("HTTP/1.1 204 No\r\n\r\n") }
        try await run { bench in
            #expect(await bench.deliver(1, to: endpoint(server.port, http2: false)).outcome == .delivered)
            #expect(await bench.deliver(2, to: endpoint(server.port)).outcome == .delivered)
        }
        #expect(server.requests.allSatisfy { $0.contains(" HTTP/1.1\r\n") })
        await server.stop()
    }

    @Test(
        "a truncated answer is not a delivery",
        arguments: [
            ("reset, no error", [HTTP2Server.Step.headers(length: 9), .data("ha"), .reset(0)]),
            ("reset, cancelled", [.headers(), .data("ha"), .reset(8)]),
            ("reset, internal error", [.headers(), .data("ha"), .reset(2)]),
            ("reset before the answer", [.reset(0)]),
            ("refused", [.reset(7)]),
            ("closed", [.headers(), .data("ha"), .close]),
            ("closed, with a length", [.headers(length: 9), .data("ha"), .close]),
            ("closed before the answer", [.close]),
            ("GOAWAY and closed", [.headers(), .data("ha"), .goAway, .close]),
            ("GOAWAY", [.goAway]),
            ("short of its length", [.headers(length: 9), .data("ha", end: true)]),
            ("silence", [.headers(), .data("ha")]),
        ])
    func cutOff(name: String, steps: [HTTP2Server.Step]) async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in steps }
        try await run { bench in
            let report = await bench.deliver(to: endpoint(server.port))
            #expect(!report.outcome.isDelivered, "\(name)")
        }
        await server.stop()
    }

    @Test(
        "a success without a length that is reset with NO_ERROR is cut off, and its status is reported",
        arguments: [[HTTP2Server.Step.headers(), .data("ha"), .reset(0)], [.headers(), .reset(0)]])
    func resetWithoutError(steps: [HTTP2Server.Step]) async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in steps }
        try await run { bench in
            let report = await bench.deliver(to: endpoint(server.port))
            #expect(report.outcome == .connectionReset)
            #expect(report.status == 200 && server.requests == 1)
        }
        await server.stop()
    }

    @Test(
        "a status that is no success is final, whatever ends the rest of its answer",
        arguments: [
            [HTTP2Server.Step.headers(status: 500), .data("ha"), .reset(2)], [.headers(status: 500), .close],
            [.headers(status: 500, length: 9), .data("ha", end: true)], [.headers(status: 500)],
        ])
    func failure(steps: [HTTP2Server.Step]) async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in steps }
        try await run { bench in
            let report = await bench.deliver(to: endpoint(server.port))
            #expect(report.outcome == Outcome(status: 500) && report.status == 500 && server.requests == 1)
        }
        await server.stop()
    }
}

extension Endpoint {
    static func overTLS(
        _ port: Int, number: UInt32 = 1, http2: Bool = true, window: Int = 16, timeout: Int64 = 2_000
    ) -> Endpoint {
        var connection = EndpointConnection()
        connection.http2 = http2
        return Sample.endpoint(
            number, url: "https://127.0.0.1:\(port)/", window: window, timeout: timeout, connection: connection)
    }
}
