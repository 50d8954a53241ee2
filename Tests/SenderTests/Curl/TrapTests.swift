import Sender
import Settings
import TestSupport
import Testing
import Threading
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/// What libcurl does behind its callers' backs (Traps.md lists it all), against real servers that provoke it.
@Suite("Traps", .timeLimit(.minutes(5)))
struct TrapTests {
    @Test("connections that all break under their next request cost one repeat, on a fresh one")
    func repeats() async throws {
        let server = try await RawServer.start { _, request in request == 1 ? .send(ok) : .sendAndClose("") }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            // All four begin in one turn, so each has a connection.
            bench.offer(1...4, to: endpoint)
            _ = await bench.reports(4)
            try #require(server.connections == 4)
            #expect(await bench.deliver(5, to: endpoint).outcome == .delivered)
            #expect(bench.sender.snapshot().possibleRepeats == 1)
        }
        #expect(server.requests.count == 6)
        await server.stop()
    }

    @Test("a last attempt whose connection breaks is not repeated")
    func lastAttempt() async throws {
        let server = try await RawServer.start { _, request in
            request == 1 ? .send(ok) : .sendAndClose("")
        }
        let dying = try await RawServer.start { _, _ in .sendAndClose("") }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            let last = UInt16(endpoint.retry.attempts)
            _ = await bench.deliver(1, to: endpoint)
            #expect(await bench.deliver(2, to: endpoint, attempt: last).outcome == .delivered)
            #expect(
                await bench.deliver(3, to: .local(dying.port, number: 2), attempt: last).outcome == .connectionReset)
            #expect(bench.sender.snapshot().possibleRepeats == 0)
        }
        #expect(dying.requests.count == 1)
        await server.stop()
        await dying.stop()
    }

    @Test("a look-up that hangs delays its own endpoint only, and no connections")
    func slowName() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        let gate = Bell()
        try await SenderBench.run(
            try AddressGuard(allow: ["127.0.0.0/8"]),
            resolve: { host in
                if host == "slow.example" { gate.wait(nanoseconds: 20_000_000_000) }
                return .found([IPAddress(v4: 0x7F00_0001)])
            }
        ) { bench in
            defer { gate.ring() }
            let slow = Sample.endpoint(1, tenant: 1, url: "http://slow.example:\(server.port)/", timeout: 2_000)
            bench.offer(1...1, to: slow)
            for position in UInt64(2)...200 {
                let endpoint = Sample.endpoint(2, tenant: 2, url: "http://quick.example:\(server.port)/")
                bench.offer(position...position, to: endpoint)
            }
            #expect(await bench.reports(199).allSatisfy { $0.outcome == .delivered })
            // The slow one's wait is over after the time of an attempt, though its thread still hangs: it goes back, and uses no attempt.
            let late = await bench.returned()
            #expect(late.delivery.position.value == 1 && late.attempts == 0)
        }
        #expect(server.requests.count == 199)
        await server.stop()
    }

    @Test("a thousand requests open one connection, and one that alternates between endpoints keeps both's")
    func connectionsAreKept() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        let other = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run { bench in
            for position in stride(from: UInt64(1), to: 1_000, by: 2) {
                _ = await bench.deliver(position, to: .local(server.port, number: 1))
                _ = await bench.deliver(position + 1, to: .local(other.port, number: 2))
            }
        }
        #expect(server.connections == 1 && other.connections == 1)
        await server.stop()
        await other.stop()
    }

    @Test("idle connections are kept up to their limit, over any number of hosts")
    func connectionsAreBounded() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run(
            try AddressGuard(allow: ["127.0.0.0/8"]), resolve: { _ in .found([IPAddress(v4: 0x7F00_0001)]) },
            keptConnections: 8
        ) { bench in
            for position in UInt64(1)...1_000 {
                let url = "http://host-\(position).example:\(server.port)/"
                let endpoint = Sample.endpoint(UInt32(position), url: url)
                #expect(await bench.deliver(position, to: endpoint).outcome == .delivered)
            }
            await server.waitUntil { $0 <= 9 }
        }
        #expect(server.connections == 1_000)
        await server.stop()
    }

    @Test("descriptor numbers that are used again do not mix up connections")
    func descriptors() async throws {
        let server = try await RawServer.start { connection, _ in
            connection % 3 == 0
                ? .reset : .sendAndClose("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        }
        let steady = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run { bench in
            for round in UInt64(0)..<50 {
                // Endpoints of their own: a third of these fails.
                for position in 1...16 as ClosedRange<UInt64> {
                    bench.offer(
                        position...position, to: .local(server.port, number: UInt32(100 + round * 16 + position)))
                }
                bench.offer(17...20, to: .local(steady.port, number: 1))
                let reports = await bench.reports(20)
                let kept = reports.filter { $0.delivery.endpoint.value == 1 }
                #expect(kept.count == 4 && kept.allSatisfy { $0.outcome == .delivered })
                let closed = reports.filter { $0.delivery.endpoint.value != 1 }
                #expect(closed.allSatisfy { $0.outcome == .delivered || $0.outcome == .connectionReset })
            }
        }
        await server.stop()
        await steady.stop()
    }

    @Test("no cookie, no coding, no expectation, no upgrade: a request has only our own fields")
    func requestIsOurs() async throws {
        let answer =
            "HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nAlt-Svc: h3=\":443\", h2=\":443\"\r\n"
            + "Strict-Transport-Security: max-age=9999\r\nContent-Length: 0\r\n\r\n"
        let server = try await RawServer.start { _, _ in .send(answer) }
        try await SenderBench.run { bench in
            for position in UInt64(1)...3 {
                let report = await bench.deliver(
                    position, to: .local(server.port), payload: [UInt8](repeating: 0x20, count: 64 * 1_024))
                #expect(report.outcome == .delivered)
            }
        }
        let allowed: Set<String> = [
            "host", "accept", "user-agent", "content-type", "content-length", "webhook-id", "webhook-timestamp",
            "webhook-signature",
        ]
        for request in server.requests {
            let head = request.prefix(upTo: request.firstRange(of: "\r\n\r\n")!.lowerBound)
            let names = head.split(separator: "\r\n").dropFirst().map {
                $0.prefix { $0 != ":" }.lowercased()
            }
            #expect(Set(names).isSubset(of: allowed), "\(names)")
            #expect(head.hasPrefix("POST /hook HTTP/1.1\r\n"))
        }
        #expect(server.connections == 1)
        await server.stop()
    }
}
