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

    static let cutOffs: [(name: String, steps: [HTTP2Server.Step])] = [
        ("reset, no error", [.data("ha"), .reset(0)]),
        ("reset before the body", [.reset(0)]),
        ("reset, cancelled", [.data("ha"), .reset(8)]), ("reset, internal error", [.data("ha"), .reset(2)]),
        ("reset, refused", [.data("ha"), .reset(7)]), ("reset, HTTP/1.1", [.data("ha"), .reset(13)]),
        ("closed", [.data("ha"), .close]), ("closed before the body", [.close]),
        ("GOAWAY and closed", [.data("ha"), .goAway, .close]),
        ("ended", [.data("ha", end: true)]), ("silence", [.data("ha")]),
        ("too large", Array(repeating: .data(String(repeating: "a", count: 15_000)), count: 6)),
    ]

    @Test("the header section decides, whatever ends the rest of the answer", arguments: cutOffs, [200, 500, 410])
    func cutOff(end: (name: String, steps: [HTTP2Server.Step]), status: Int) async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in
            [.headers(status: status, length: 99_999)] + end.steps
        }
        try await run { bench in
            let report = await bench.deliver(to: endpoint(server.port))
            #expect(report.outcome == Outcome(status: status) && Int(report.status) == status, "\(end.name)")
            #expect(report.isAnswerIncomplete, "\(end.name)")
        }
        #expect(server.requests == 1, "\(end.name)")
        await server.stop()
    }

    @Test("a success without a length counts as well, however it ends")
    func withoutLength() async throws {
        for steps in [[HTTP2Server.Step.data("ha"), .reset(0)], [.reset(8)], [.close], []] {
            let server = try await HTTP2Server.start(identity) { _, _ in [.headers()] + steps }
            try await run { bench in
                let report = await bench.deliver(to: .overTLS(server.port, timeout: 60_000))
                #expect(report.outcome == .delivered && report.isAnswerIncomplete && server.requests == 1)
                #expect(report.phases.total < 30_000_000)
            }
            await server.stop()
        }
    }

    @Test(
        "without a header section there is no answer",
        arguments: [
            ("reset before the answer", [HTTP2Server.Step.reset(0)]), ("refused", [.reset(7)]),
            ("closed before the answer", [.close]), ("GOAWAY", [.goAway]),
            ("only an interim answer", [.headers(status: 103)]),
        ])
    func noAnswer(name: String, steps: [HTTP2Server.Step]) async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in steps }
        try await run { bench in
            let report = await bench.deliver(to: endpoint(server.port))
            #expect(!report.outcome.isDelivered && !report.isAnswerIncomplete, "\(name)")
        }
        await server.stop()
    }

    @Test("an owner's header replaces ours")
    func replacedHeader() async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in [.headers(end: true)] }
        var connection = EndpointConnection()
        connection.http2 = true
        let endpoint = Sample.endpoint(
            url: "https://127.0.0.1:\(server.port)/", headers: [CustomHeader("aCCept", "application/json")],
            connection: connection)
        try await run { bench in #expect(await bench.deliver(to: endpoint).outcome == .delivered) }
        let head = try #require(server.heads.first)
        let fields = SessionBench().fields(of: SessionBench.Frame(type: 1, flags: 4, stream: 1, payload: head))
        #expect(fields.filter { $0.hasPrefix("accept:") } == ["accept: application/json"])
        #expect(fields.count { $0.hasPrefix("user-agent:") } == 1)
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
