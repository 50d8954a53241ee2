import Sender
import TestSupport
import Testing
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
private let opened = "HTTP/1.1 200 Connection established\r\n\r\n"

/// The egress proxy: always a tunnel, always to an address that we vetted.
///
/// `RawServer` plays the proxy and, once it has opened the tunnel, the endpoint behind it.
@Suite("Proxy", .timeLimit(.minutes(5)))
struct ProxyTests {
    private func proxied(
        _ number: UInt32 = 1, url: String, by port: Int, host: String = "127.0.0.1", user: String = ""
    ) -> Endpoint {
        var connection = EndpointConnection()
        connection.proxy = .through(
            EgressProxy(host: host, port: UInt16(port), user: user, password: user.isEmpty ? "" : "word"))
        return Sample.endpoint(number, url: url, timeout: 3_000, connection: connection)
    }

    @Test("the proxy gets the vetted address and none of our headers; the tunnel is used again")
    func tunnel() async throws {
        let proxy = try await RawServer.start { _, request in .send(request == 1 ? opened : ok) }
        try await SenderBench.run(allow: [], names: ["hooks.example": "8.8.4.4"]) { bench in
            let endpoint = proxied(url: "http://hooks.example:8080/in", by: proxy.port)
            let first = await bench.deliver(1, to: endpoint)
            #expect(first.outcome == .delivered)
            #expect(first.address == "8.8.4.4")
            #expect(await bench.deliver(2, to: endpoint).reusedConnection)
        }
        #expect(proxy.connections == 1)
        try #require(proxy.requests.count == 3)
        #expect(proxy.requests[0].hasPrefix("CONNECT 8.8.4.4:8080 HTTP/1.1\r\nHost: 8.8.4.4:8080\r\n"))
        for name in ["webhook-", "User-Agent", "Content-Type", "Authorization"] {
            #expect(!proxy.requests[0].contains(name))
        }
        #expect(proxy.requests[1].hasPrefix("POST /in HTTP/1.1\r\nHost: hooks.example:8080\r\n"))
        await proxy.stop()
    }

    @Test("a proxy's credentials are sent to the proxy only")
    func credentials() async throws {
        let proxy = try await RawServer.start { _, request in .send(request == 1 ? opened : ok) }
        try await SenderBench.run(allow: []) { bench in
            let endpoint = proxied(url: "http://8.8.4.4/", by: proxy.port, user: "me")
            #expect(await bench.deliver(to: endpoint).outcome == .delivered)
        }
        // me:word
        #expect(proxy.requests.first?.contains("\r\nProxy-Authorization: Basic bWU6d29yZA==\r\n") == true)
        #expect(proxy.requests.last?.lowercased().contains("proxy-") == false)
        await proxy.stop()
    }

    @Test("what the guard refuses is refused behind a proxy too, and the proxy is not contacted")
    func guarded() async throws {
        let proxy = try await RawServer.start { _, _ in .send(opened) }
        try await SenderBench.run(allow: [], names: ["inside.example": "10.0.0.1"]) { bench in
            for (number, host) in ["10.0.0.1", "169.254.169.254", "inside.example", "[::ffff:127.0.0.1]"].enumerated() {
                let endpoint = proxied(UInt32(number + 1), url: "http://\(host)/", by: proxy.port)
                #expect(await bench.deliver(UInt64(number + 1), to: endpoint).outcome == .addressForbidden)
            }
        }
        #expect(proxy.connections == 0)
        await proxy.stop()
    }

    @Test("the proxy's address is allowed for the proxy only, and a metadata service cannot be a proxy")
    func onlyAsProxy() async throws {
        let proxy = try await RawServer.start { _, request in .send(request == 1 ? opened : ok) }
        try await SenderBench.run(allow: []) { bench in
            #expect(
                await bench.deliver(1, to: proxied(1, url: "http://8.8.4.4/", by: proxy.port)).outcome == .delivered)
            #expect(await bench.deliver(2, to: .local(proxy.port, number: 2)).outcome == .addressForbidden)
            let metadata = proxied(3, url: "http://8.8.4.4/", by: 80, host: "169.254.169.254")
            #expect(await bench.deliver(3, to: metadata).outcome == .proxyFailed)
        }
        #expect(proxy.requests.count == 2)
        await proxy.stop()
    }

    @Test(
        "a proxy that refuses the tunnel is a proxy failure",
        arguments: [
            RawServer.Reaction.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"),
            .send("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"),
            .send("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n"), .sendAndClose(""), .reset, .keepSilent,
        ])
    func refusing(reaction: RawServer.Reaction) async throws {
        let proxy = try await RawServer.start { _, _ in reaction }
        try await SenderBench.run(allow: [], connectMilliseconds: 500) { bench in
            let report = await bench.deliver(to: proxied(url: "http://8.8.4.4/", by: proxy.port))
            #expect(report.outcome == .proxyFailed)
            #expect(report.status == 0)
        }
        await proxy.stop()
    }

    @Test("an unreachable proxy is a proxy failure")
    func missing() async throws {
        let port = try await FreePort.choose()
        try await SenderBench.run(allow: [], names: ["proxy.example": "127.0.0.1"]) { bench in
            #expect(await bench.deliver(1, to: proxied(url: "http://8.8.4.4/", by: port)).outcome == .proxyFailed)
            let named = proxied(2, url: "http://8.8.4.4/", by: port, host: "nowhere.example")
            #expect(await bench.deliver(2, to: named).outcome == .proxyFailed)
        }
    }

    @Test("the server's proxy is used by all endpoints except those with direct")
    func ofTheServer() async throws {
        let proxy = try await RawServer.start { _, request in .send(request == 1 ? opened : ok) }
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run(
            names: ["proxy.example": "127.0.0.1"],
            configure: { $0.proxy = EgressProxy(host: "proxy.example", port: UInt16(proxy.port)) }
        ) { bench in
            for position in UInt64(1)...4 {
                // Two endpoints at one address share the tunnel.
                let endpoint = Sample.endpoint(UInt32(position % 2 + 1), url: "http://8.8.4.4/")
                #expect(await bench.deliver(position, to: endpoint).outcome == .delivered)
            }
            var connection = EndpointConnection()
            connection.proxy = .direct
            let direct = Sample.endpoint(9, url: "http://127.0.0.1:\(server.port)/", connection: connection)
            #expect(await bench.deliver(9, to: direct).outcome == .delivered)
        }
        #expect(proxy.connections == 1 && proxy.requests.count == 5)
        #expect(server.requests.count == 1)
        await server.stop()
        await proxy.stop()
    }
}
