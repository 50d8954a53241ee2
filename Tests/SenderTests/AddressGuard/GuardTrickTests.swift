import Glibc
import Scheduling
import Sender
import Settings
import TestSupport
import Testing
import Threading
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/// The ways round an address guard, each tried on a real sender that may reach nothing special.
@Suite("Attempts to get round the address guard", .timeLimit(.minutes(5)))
struct GuardTrickTests {
    @Test(
        "every form of an address is the same address",
        arguments: [
            "127.0.0.1", "2130706433", "017700000001", "0x7f000001", "0x7F.0.0.1", "127.1", "127.0.1", "0177.0.0.1",
            "0",
            "127.0.0.1.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]",
            "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[2002:7f00:1::]", "[2001:0:7f00:1::]",
            "169.254.169.254",
            "2852039166", "0xa9fea9fe", "[fd00:ec2::254]", "[::127.0.0.1]", "[fe80::1]", "10.0.0.1", "3232235777",
        ])
    func numbers(host: String) async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run(allow: []) { bench in
            let report = await bench.deliver(to: Sample.endpoint(url: "http://\(host):\(server.port)/"))
            // A form that is no number to libcurl is a name, or no URL; none of them is a way in.
            #expect([.addressForbidden, .nameNotFound, .endpointUnusable].contains(report.outcome))
            #expect(report.address.isEmpty && report.phases == AttemptPhases())
        }
        #expect(server.connections == 0)
        await server.stop()
    }

    @Test("libcurl reads decimal, octal, hexadecimal and short forms as the address that they are")
    func canonical() throws {
        for host in ["2130706433", "017700000001", "0x7f000001", "0x7F.0.0.1", "127.1", "127.0.1", "0177.0.0.1"] {
            #expect(try EndpointURL("http://\(host)/").address == IPAddress("127.0.0.1"), "\(host)")
        }
        #expect(try EndpointURL("http://2852039166/").address == IPAddress("169.254.169.254"))
        #expect(try EndpointURL("http://0/").address == IPAddress("0.0.0.0"))
    }

    @Test("odd ports are refused", arguments: [1, 22, 25, 53, 81, 445, 1_023, 3_306, 6_379, 11_211])
    func ports(port: Int) async throws {
        try await SenderBench.run(allow: ["127.0.0.0/8"]) { bench in
            let report = await bench.deliver(to: .local(port))
            #expect(report.outcome == .addressForbidden && report.address.isEmpty)
        }
    }

    @Test("a name that is public at one look-up and private at the next is refused at the next")
    func rebinding() async throws {
        let answers = Locked<[NameAnswer]>([.failed(.notFound)])
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run(try AddressGuard(), resolve: { _ in answers.withLock { $0.removeFirst() } }) {
            bench in
            // Public and inside in one answer: the public one is used, and nothing falls back to the other.
            answers.withLock { $0 = [.found([IPAddress(v4: 0x7F00_0001), IPAddress("::1")!])] }
            let endpoint = Sample.endpoint(1, url: "http://twice.example:\(server.port)/", timeout: 1_000)
            let report = await bench.deliver(1, to: endpoint)
            #expect(report.outcome == .addressForbidden && report.address.isEmpty)
        }
        #expect(server.connections == 0)
        await server.stop()
    }

    @Test("a redirect to a metadata service, or anywhere, is not followed")
    func redirect() async throws {
        for (status, place) in [
            (301, "http://169.254.169.254/latest/meta-data/"), (302, "file:///etc/passwd"), (303, "//127.0.0.1/"),
            (307, "http://10.0.0.1/"), (308, "gopher://127.0.0.1:6379/_SET"),
        ] {
            let server = try await RawServer.start { _, _ in
                .send(
                    "HTTP/1.1 \(status) Go\r\nLocation: \(place)\r\nRefresh: 0; url=\(place)\r\nContent-Length: 0\r\n\r\n"
                )
            }
            try await SenderBench.run { bench in
                let report = await bench.deliver(to: .local(server.port))
                #expect(report.outcome == .redirect && report.address == "127.0.0.1")
            }
            #expect(server.requests.count == 1)
            await server.stop()
        }
    }

    @Test("credentials, injected lines and URLs with two readings make an endpoint unusable, not dangerous")
    func unusable() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        let address = "127.0.0.1:\(server.port)"
        try await SenderBench.run { bench in
            for (number, url) in [
                "http://user:word@\(address)/", "http://@\(address)/", "http://example.com\\@\(address)/",
                "http://\(address)/\r\nX-Evil: 1", "http://\(address)/\u{0}", "http://\(address)/ HTTP/1.1",
                "http://\(address)#@example.com/", "http://\(address)%2f@example.com/", "gopher://\(address)/",
                "http:\(address)/", "//\(address)/",
            ].enumerated() {
                let report = await bench.deliver(UInt64(number + 1), to: Sample.endpoint(UInt32(number + 1), url: url))
                #expect(report.outcome == .endpointUnusable, "\(url)")
            }
            for (number, value) in ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\u{0}b", "\u{e9}", " a", ""].enumerated() {
                let endpoint = Sample.endpoint(
                    UInt32(number + 100), url: "http://\(address)/", headers: [CustomHeader("X-Own", value)])
                let report = await bench.deliver(UInt64(number + 100), to: endpoint)
                #expect(report.outcome == .endpointUnusable, "\(value.debugDescription)")
            }
            for (number, name) in [
                "X-A: b\r\nX", "X A", "", "Host", "Content-Length", "Transfer-Encoding", "Proxy-X", "Cookie",
            ]
            .enumerated() {
                let endpoint = Sample.endpoint(
                    UInt32(number + 200), url: "http://\(address)/", headers: [CustomHeader(name, "a")])
                let report = await bench.deliver(UInt64(number + 200), to: endpoint)
                #expect(report.outcome == .endpointUnusable, "\(name.debugDescription)")
            }
        }
        #expect(server.connections == 0)
        await server.stop()
    }

    @Test(
        "no published event can add lines to a head",
        arguments: ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\u{0}b", "\u{e9}", "\u{7f}"])
    func injectedEvent(text: String) {
        for bytes in [
            Sample.recordBytes(id: EventID(high: 1, low: 2), contentType: text),
            Sample.recordBytes(id: EventID(high: 1, low: 2), type: text),
        ] {
            guard case .failure(let refusal) = bytes.withUnsafeBytes({ EventRecord.parse($0) }) else {
                Issue.record("\(text.debugDescription) was taken")
                continue
            }
            #expect(refusal.result == .malformed)
        }
    }

    @Test("a tenant that may not reach an address does not reach it over the connection of one that may")
    func pooledConnection() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        let url = "http://hooks.example:\(server.port)/"
        var denying = EndpointConnection()
        denying.denyNetworks = ["127.0.0.1"]
        let allowed = Sample.endpoint(1, tenant: 1, url: url, tenantNetworks: ["127.0.0.0/8"])
        let other = Sample.endpoint(2, tenant: 2, url: url)
        let denied = Sample.endpoint(
            3, tenant: 1, url: url, connection: denying, tenantNetworks: ["127.0.0.0/8"])
        try await SenderBench.run(allow: [], names: ["hooks.example": "127.0.0.1"]) { bench in
            for round in UInt64(0)..<3 {
                let first = await bench.deliver(round * 3 + 1, to: allowed)
                #expect(first.outcome == .delivered && first.reusedConnection == (round > 0))
                #expect(await bench.deliver(round * 3 + 2, to: other).outcome == .addressForbidden)
                #expect(await bench.deliver(round * 3 + 3, to: denied).outcome == .addressForbidden)
            }
        }
        #expect(server.requests.count == 3 && server.connections == 1)
        await server.stop()
    }
}
