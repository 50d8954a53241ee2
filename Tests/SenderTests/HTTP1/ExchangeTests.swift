import Sender
import TestSupport
import Testing
import WebhookModel

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/// Requests and answers on connections that are used again, closed, or have unread input.
@Suite("Exchanges", .timeLimit(.minutes(5)))
struct ExchangeTests {
    @Test(
        "an answer that ends the connection counts, and the next request uses a fresh one",
        arguments: [
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
            // More than the answer: the rest would be taken for the next one.
            ok + ok, ok + "x",
        ])
    func notUsedAgain(answer: String) async throws {
        let server = try await RawServer.start { _, _ in .send(answer) }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            for position in UInt64(1)...3 {
                let report = await bench.deliver(position, to: endpoint)
                #expect(report.outcome == .delivered)
                #expect(!report.reusedConnection)
            }
            #expect(bench.sender.snapshot().possibleRepeats == 0)
        }
        #expect(server.connections == 3)
        #expect(server.requests.count == 3)
        await server.stop()
    }

    @Test("an answer without a length ends with its connection")
    func untilClose() async throws {
        let server = try await RawServer.start { _, _ in .sendAndClose("HTTP/1.1 503 No\r\n\r\nbusy") }
        try await SenderBench.run { bench in
            let report = await bench.deliver(to: .local(server.port))
            #expect(report.outcome == .unavailable)
            #expect(report.excerpt == Array("busy".utf8))
        }
        await server.stop()
    }

    @Test("a connection that the receiver closed between requests is not tried")
    func closedBetween() async throws {
        let server = try await RawServer.start { _, _ in .sendAndClose(ok) }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            for position in UInt64(1)...20 {
                #expect(await bench.deliver(position, to: endpoint).outcome == .delivered)
            }
        }
        // A repeat is lawful where the close came as the request went out; a request is never lost.
        #expect(server.requests.count >= 20)
        await server.stop()
    }

    @Test("a large message is sent completely, however the socket accepts it")
    func large() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        let payload = Array(repeating: UInt8(ascii: "7"), count: Limits.payloadBytes)
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            for position in UInt64(1)...4 {
                #expect(await bench.deliver(position, to: endpoint, payload: payload).outcome == .delivered)
            }
            #expect(bench.sender.snapshot().reusedConnections == 3)
        }
        for request in server.requests {
            #expect(
                request.hasSuffix(
                    "\r\nContent-Length: \(Limits.payloadBytes)\r\n\r\n" + String(repeating: "7", count: payload.count))
            )
        }
        await server.stop()
    }

    @Test("the head is what receivers expect")
    func head() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run { bench in
            #expect(await bench.deliver(to: .local(server.port, path: "/hook?a=b%20c")).outcome == .delivered)
        }
        let request = try #require(server.requests.first)
        let lines = request.components(separatedBy: "\r\n")
        #expect(lines.first == "POST /hook?a=b%20c HTTP/1.1")
        for name in [
            "Host", "User-Agent", "Accept", "Content-Type", "webhook-id", "webhook-timestamp", "webhook-signature",
            "Content-Length",
        ] {
            #expect(lines.count { $0.hasPrefix("\(name): ") } == 1)
        }
        #expect(!request.contains("Expect:"))
        await server.stop()
    }

    @Test("many attempts at once do not disturb each other")
    func many() async throws {
        let server = try await RawServer.start { _, _ in .send(ok) }
        try await SenderBench.run { bench in
            for number in UInt32(1)...20 {
                let first = UInt64(number) * 1_000
                bench.offer(first...first + 99, to: .local(server.port, number: number))
            }
            let reports = await bench.reports(2_000)
            #expect(reports.allSatisfy { $0.outcome == .delivered })
            #expect(Set(reports.map(\.delivery)).count == 2_000)
        }
        #expect(server.requests.count == 2_000)
        // No more than the windows let be in flight at once.
        #expect(server.connections <= 20 * Limits.endpointWindow)
        await server.stop()
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        var rest = self[...]
        var parts: [String] = []
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
