import Foundation
import MockReceiver
import Sender
import TestSupport
import Testing
import WebhookModel
import WebhookSigning

/// Every scheme and form of message, sent and verified.
@Suite("Schemes and headers", .timeLimit(.minutes(5)))
struct SchemeTests {
    private func endpoint(_ port: Int, _ change: (inout Endpoint.Settings) -> Void) -> Endpoint {
        let sample = Sample.endpoint(url: "http://127.0.0.1:\(port)/hook")
        var settings = sample.settings
        change(&settings)
        return Endpoint(number: sample.number, tenant: sample.tenant, tenantName: "acme", name: "e", settings: settings)
    }

    @Test(
        "the receiver verifies every preset, with every live secret where the scheme carries several",
        arguments: SignatureScheme.all)
    func presets(scheme: SignatureScheme) async throws {
        let secrets = [SigningSecret.generate(scheme.secretForm), SigningSecret.generate(scheme.secretForm)]
        for known in scheme.separator == nil ? [secrets[0]] : secrets {
            var configuration = ReceiverConfiguration()
            configuration.program.secrets = [
                BehaviourProgram.SecretRule(.all, try SecretSet([known.publicHalf ?? known]), scheme: scheme)
            ]
            let receiver = try await ReceiverServer.start(configuration)
            try await SenderBench.run { bench in
                let endpoint = endpoint(receiver.port) { settings in
                    settings.scheme = scheme.name
                    settings.secrets = secrets.map { EndpointSecret($0.reveal()) }
                }
                #expect(await bench.deliver(to: endpoint).outcome == .delivered)
            }
            #expect(receiver.stats().totals.count(of: .valid) == 1, "\(scheme.name)")
            try await receiver.stop()
        }
    }

    private func requests(
        _ count: Int = 1, payload: [UInt8] = Array("{}".utf8), _ change: (inout Endpoint.Settings) -> Void
    ) async throws -> [String] {
        let server = try await RawServer.start { _, _ in .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        let endpoint = endpoint(server.port, change)
        try await SenderBench.run { bench in
            for attempt in 1...count {
                _ = await bench.deliver(to: endpoint, attempt: UInt16(attempt), payload: payload)
            }
        }
        await server.stop()
        return server.requests
    }

    private func lines(_ request: String) -> [String] {
        request.split(separator: "\r\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }.map(String.init)
    }

    @Test("an owner's own headers and scheme are sent as they were given")
    func custom() async throws {
        let headers = (0..<32).map { CustomHeader("X-Own-\($0)", String(repeating: "v", count: 100) + "\($0)") }
        let scheme =
            "algorithm sha1\nencoding hex\nsecret raw\nsigns {body}\nprefix sha1=\nheader X-Hub-Signature {signature}\nheader X-Kind a {type} b"
        let request = try #require(
            try await requests { settings in
                settings.headers = headers
                settings.scheme = scheme
                settings.secrets = [EndpointSecret("0123456789abcdef")]
            }.first)
        let lines = lines(request)
        for header in headers { #expect(lines.contains("\(header.name): \(header.value)")) }
        // printf '{}' | openssl dgst -sha1 -hmac 0123456789abcdef
        #expect(lines.contains("X-Hub-Signature: sha1=1ed9af9e5e8ff2f804bcff95a337649c0095d057"))
        #expect(lines.contains("X-Kind: a task.completed b"))
        // A scheme without an id gets one beside it.
        let idLines = lines.filter { $0.hasPrefix("webhook-id: evt_") }
        #expect(idLines.count == 1)
        // Those, the scheme's two, the id, and the sender's own six: request line, Host, Accept, Content-Type, User-Agent,
        // Content-Length.
        #expect(lines.count == 41)
    }

    // F14: stripe, slack, x-pt, x-signature and convoy had nothing by which a receiver recognises a message.
    @Test(
        "a header is the same at every attempt of a message, and another for another message",
        arguments: SignatureScheme.all)
    func stableID(scheme: SignatureScheme) async throws {
        let server = try await RawServer.start { _, _ in .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        let endpoint = endpoint(server.port) { settings in
            settings.scheme = scheme.name
            settings.secrets = [EndpointSecret(SigningSecret.generate(scheme.secretForm).reveal())]
        }
        try await SenderBench.run { bench in
            for position in [1, 1, 2] as [UInt64] { _ = await bench.deliver(position, to: endpoint) }
        }
        await server.stop()
        var ids: [[String]] = []
        for request in server.requests { ids.append(lines(request).filter { $0.contains(": evt_") }) }
        #expect(ids.map(\.count) == [1, 1, 1], "\(scheme.name)")
        #expect(ids[0] == ids[1], "\(scheme.name)")
        #expect(ids[0] != ids[2], "\(scheme.name)")
        let isOwn = ids[0].first?.hasPrefix("webhook-id: evt_") == true
        #expect(isOwn || scheme.carriesID, "\(scheme.name)")
    }

    @Test("an owner's header replaces ours, and one of the signature scheme replaces both")
    func replaced() async throws {
        func values(_ name: String, _ change: (inout Endpoint.Settings) -> Void) async throws -> [String] {
            lines(try #require(try await requests(1, change).first))
                .filter { $0.lowercased().hasPrefix(name + ":") }.map { String($0.dropFirst(name.count + 2)) }
        }
        let own = [CustomHeader("aCCept", "application/json"), CustomHeader("X-Hub-Signature-256", "mine")]
        #expect(try await values("accept") { $0.headers = own } == ["application/json"])
        #expect(
            try await values("accept") { settings in
                settings.headers = own
                settings.scheme =
                    "algorithm sha1\nencoding hex\nsecret raw\nsigns {body}\nheader X-A {signature}\nheader Accept a/{type}"
                settings.secrets = [EndpointSecret("0123456789abcdef")]
            } == ["a/task.completed"])
        let signatures = try await values("x-hub-signature-256") { settings in
            settings.headers = own
            settings.scheme = "github"
        }
        #expect(signatures.count == 1 && signatures.first?.hasPrefix("sha256=") == true)
    }

    @Test("one handle serves endpoints with many, few and no headers one after the other")
    func alternating() async throws {
        let server = try await RawServer.start { _, _ in .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        try await SenderBench.run { bench in
            for round in 0..<12 {
                let count = [0, 32, 3][round % 3]
                let endpoint = endpoint(server.port) { settings in
                    settings.headers = (0..<count).map { CustomHeader("X-Own-\($0)", "\(round)") }
                    settings.scheme = round % 2 == 0 ? "standard" : "github"
                }
                _ = await bench.deliver(UInt64(round + 1), to: endpoint)
            }
        }
        await server.stop()
        #expect(server.requests.count == 12)
        for (round, request) in server.requests.enumerated() {
            let lines = lines(request)
            #expect(lines.count { $0.hasPrefix("X-Own-") && $0.hasSuffix(": \(round)") } == [0, 32, 3][round % 3])
            #expect(
                lines.contains {
                    $0.hasPrefix(round % 2 == 0 ? "webhook-signature: v1," : "X-Hub-Signature-256: sha256=")
                })
        }
    }

    @Test(
        "the content type is sent exactly as published",
        arguments: ["text/plain; charset=UTF-8", "application/vnd.acme+json", "x"])
    func contentType(type: String) async throws {
        let server = try await RawServer.start { _, _ in .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        try await SenderBench.run { bench in
            bench.offer(Sample.event(1, contentType: type), to: endpoint(server.port) { _ in })
            _ = await bench.reports(1)
        }
        await server.stop()
        #expect(lines(try #require(server.requests.first)).contains("Content-Type: \(type)"))
    }

    @Test("attempts carry the same bytes", arguments: BodyForm.allCases)
    func sameBytes(form: BodyForm) async throws {
        let requests = try await requests(3, payload: Array(#"{"n":1}"#.utf8)) { $0.body = form }
        let bodies = requests.map { $0.components(separatedBy: "\r\n\r\n")[1] }
        #expect(bodies.count == 3 && Set(bodies).count == 1)
        #expect(bodies[0].hasSuffix(form == .raw ? #"{"n":1}"# : #","data":{"n":1}}"#))
        #expect(requests.allSatisfy { lines($0).contains("Content-Type: application/json") })
    }

    @Test("an endpoint with invalid settings is never sent to")
    func unusable() async throws {
        let changes: [(inout Endpoint.Settings) -> Void] = [
            { $0.headers = [CustomHeader("X-A", "a\r\nX-B: c")] }, { $0.headers = [CustomHeader("Host", "elsewhere")] },
            { $0.scheme = "nonsense" },
            {
                $0.scheme = "stripe"
                $0.secrets = [EndpointSecret("short")]
            },
            {
                $0.scheme = "standard-ed25519"
                $0.secrets = [EndpointSecret(SigningSecret.generate(.ed25519).publicHalf!.reveal())]
            },
        ]
        for change in changes {
            try await SenderBench.run { bench in
                #expect(await bench.deliver(to: endpoint(9, change)).outcome == .endpointUnusable)
            }
        }
    }
}
