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
            // A body that must not be there may still come.
            "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 103 Hints\r\nContent-Length: 5\r\n\r\n" + ok,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=9, max=0\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
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

    @Test(
        "a request on a used connection goes out once more at once if no answer comes, or none that belongs to it",
        arguments: [
            // What the answer before left behind.
            "0\r\n\r\n", "\r\n" + ok, "0\r\n\r\n" + ok, "late",
            // The server gave up waiting for a request as ours was on its way.
            "HTTP/1.1 408 Late\r\nConnection: close\r\n\r\n", "HTTP/1.1 408 Late\r\nContent-Length: 9\r\n\r\n",
            "HTTP/1.1 421 Misdirected\r\nContent-Length: 0\r\n\r\n",
        ])
    func onceMore(answer: String) async throws {
        let server = try await RawServer.start { connection, request in
            connection == 1 && request == 2 ? .sendAndClose(answer) : .send(ok)
        }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            _ = await bench.deliver(1, to: endpoint)
            let report = await bench.deliver(2, to: endpoint)
            #expect(report.outcome == .delivered && report.attempt == 1 && !report.reusedConnection)
            #expect(await bench.deliver(3, to: endpoint).reusedConnection)
            #expect(bench.finalTally().possibleRepeats == 1)
        }
        #expect(server.requests.count == 4 && server.connections == 2)
        await server.stop()
    }

    @Test(
        "on a fresh connection such an answer is the answer, and the connection is not kept",
        arguments: ["408 Late", "421 Misdirected"])
    func freshConnection(line: String) async throws {
        let server = try await RawServer.start { _, _ in .send("HTTP/1.1 \(line)\r\nContent-Length: 0\r\n\r\n") }
        try await SenderBench.run { bench in
            for position in UInt64(1)...3 {
                let report = await bench.deliver(position, to: .local(server.port))
                #expect(report.outcome == .refusedStatus && String(report.status) == line.prefix(3))
            }
            #expect(bench.finalTally().possibleRepeats == 0)
        }
        #expect(server.requests.count == 3 && server.connections == 3)
        await server.stop()
    }

    @Test("a request is sent once more only once, and what is no answer then fails the attempt")
    func onlyOnce() async throws {
        let server = try await RawServer.start { connection, request in
            connection == 1 && request == 1 ? .send(ok) : .sendAndClose("late body\r\n")
        }
        try await SenderBench.run { bench in
            let endpoint = Endpoint.local(server.port)
            _ = await bench.deliver(1, to: endpoint)
            #expect(await bench.deliver(2, to: endpoint).outcome == .answerMalformed)
            #expect(bench.finalTally().possibleRepeats == 1)
        }
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
