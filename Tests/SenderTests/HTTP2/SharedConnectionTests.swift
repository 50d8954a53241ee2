import Sender
import TestSupport
import Testing
import WebhookModel

/// HTTP/2 requests share connections; what a server did not process is sent again and costs no attempt.
@Suite("HTTP/2 shared connections", .timeLimit(.minutes(5)))
struct SharedConnectionTests {
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA
    private let identity: ServerIdentity
    private let pin: String

    init() {
        ca = ThrowawayCA(directory: folder.path)
        let issued = ca.issue(commonName: "hooks", ipAddresses: ["127.0.0.1"])
        identity = ServerIdentity(issued)
        pin = issued.pin
    }

    private func run(_ body: (SenderBench) async throws -> Void) async throws {
        try await SenderBench.run(configure: { $0.authoritiesFile = ca.certificateFile }, body)
    }

    @Test("requests that begin before the first connection is open share it, those of other endpoints too")
    func oneConnection() async throws {
        let server = try await HTTP2Server.start(identity) { _, request in
            request < 32 ? [.hold] : [.hold, .answerHeld]
        }
        try await run { bench in
            bench.offer(1...16, to: .overTLS(server.port, number: 1))
            bench.offer(17...32, to: .overTLS(server.port, number: 2))
            let reports = await bench.reports(32)
            #expect(reports.allSatisfy { $0.outcome == .delivered && $0.status == 204 })
            #expect(reports.count { $0.reusedConnection } == 31)
            #expect(bench.finalTally().newConnections == 1)
        }
        #expect(server.connections == 1 && server.requests == 32)
        await server.stop()
    }

    @Test("an endpoint with settings of its own shares no connection")
    func reserved() async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in [.headers(end: true)] }
        try await run { bench in
            for round in UInt64(0)..<3 {
                for number in UInt32(1)...2 {
                    var connection = EndpointConnection()
                    connection.http2 = true
                    connection.pinnedKeys = [pin]
                    let endpoint = Sample.endpoint(
                        number, url: "https://127.0.0.1:\(server.port)/", connection: connection)
                    #expect(
                        await bench.deliver(round * 2 + UInt64(number), to: endpoint).outcome == .delivered)
                }
            }
        }
        #expect(server.connections == 2 && server.requests == 6)
        await server.stop()
    }

    @Test("requests that waited to share a connection get connections of their own when the server speaks HTTP/1.1")
    func older() async throws {
        let server = try await RawServer.start(as: identity) { _, _ in .send("HTTP/1.1 204 No\r\n\r\n") }
        try await run { bench in
            bench.offer(1...8, to: .overTLS(server.port))
            #expect(await bench.reports(8).allSatisfy { $0.outcome == .delivered })
            bench.offer(9...16, to: .overTLS(server.port))
            #expect(await bench.reports(8).allSatisfy { $0.outcome == .delivered })
            #expect(bench.finalTally().possibleRepeats == 0)
        }
        #expect(server.requests.count == 16 && server.connections <= 8)
        await server.stop()
    }

    @Test("a connection is opened when all are full, and what a server refuses meanwhile is sent again")
    func full() async throws {
        let server = try await HTTP2Server.start(identity, mostStreams: 4) { _, request in
            request < 4 ? [.hold] : [.hold, .answerHeld]
        }
        try await run { bench in
            bench.offer(1...16, to: .overTLS(server.port))
            let reports = await bench.reports(16)
            #expect(reports.allSatisfy { $0.outcome == .delivered && $0.delivery.position.value <= 16 })
            #expect(bench.finalTally().possibleRepeats == 0)
        }
        #expect(server.requests == 16 && server.connections <= 4)
        await server.stop()
    }

    @Test("a server that ends each connection after five requests (GOAWAY) costs no attempt and no repeat")
    func rotation() async throws {
        let server = try await HTTP2Server.start(identity) { _, request in
            request % 5 == 0 ? [.goAwayAfterThis, .headers(end: true)] : [.headers(end: true)]
        }
        try await run { bench in
            for position in UInt64(1)...20 {
                #expect(await bench.deliver(position, to: .overTLS(server.port)).outcome == .delivered)
            }
            #expect(bench.finalTally().possibleRepeats == 0)
        }
        #expect(server.requests == 20 && server.connections == 4)
        await server.stop()
    }

    @Test("requests behind a GOAWAY are sent again on another connection")
    func unprocessed() async throws {
        let server = try await HTTP2Server.start(identity) { connection, request in
            guard connection == 1 else { return [.headers(end: true)] }
            return switch request {
            case 1: [.headers(end: true)]
            case 2: [.goAwayAfterThis, .hold]
            case 5: [.answerHeld, .close]
            default: []
            }
        }
        try await run { bench in
            _ = await bench.deliver(1, to: .overTLS(server.port))
            bench.offer(2...5, to: .overTLS(server.port))
            #expect(await bench.reports(4).allSatisfy { $0.outcome == .delivered && $0.attempt == 1 })
            #expect(bench.finalTally().possibleRepeats == 0)
        }
        #expect(server.connections == 2)
        await server.stop()
    }

    @Test("a server that refuses everything fails the attempt after a few requests")
    func refusesAll() async throws {
        let server = try await HTTP2Server.start(identity, mostStreams: 0) { _, _ in [] }
        try await run { bench in
            #expect(await bench.deliver(1, to: .overTLS(server.port)).outcome == .connectionReset)
        }
        #expect(server.refused == 1 + Limits.unprocessedRepeats)
        await server.stop()
    }

    @Test("a connection that worked before and breaks costs each request one repeat, all on one fresh connection")
    func broken() async throws {
        let server = try await HTTP2Server.start(identity) { connection, request in
            guard connection == 1, request > 1 else { return [.headers(end: true)] }
            return request == 5 ? [.close] : []
        }
        try await run { bench in
            _ = await bench.deliver(1, to: .overTLS(server.port))
            bench.offer(2...5, to: .overTLS(server.port))
            #expect(await bench.reports(4).allSatisfy { $0.outcome == .delivered })
            #expect(bench.finalTally().possibleRepeats == 4)
        }
        #expect(server.connections == 2 && server.requests == 9)
        await server.stop()
    }

    @Test("a request that met the wrong connection goes out once more on another, at once", arguments: [408, 421])
    func wrongConnection(status: Int) async throws {
        let server = try await HTTP2Server.start(identity) { connection, request in
            [.headers(status: connection == 1 && request == 2 ? status : 200, end: true)]
        }
        try await run { bench in
            _ = await bench.deliver(1, to: .overTLS(server.port))
            let report = await bench.deliver(2, to: .overTLS(server.port))
            #expect(report.outcome == .delivered && report.attempt == 1)
            #expect(bench.finalTally().possibleRepeats == 1)
        }
        #expect(server.connections == 2 && server.requests == 3)
        await server.stop()
    }

    @Test("on a connection without any other answer it is the answer", arguments: [408, 421])
    func wrongServer(status: Int) async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in [.headers(status: status, end: true)] }
        try await run { bench in
            for position in UInt64(1)...2 {
                let report = await bench.deliver(position, to: .overTLS(server.port))
                #expect(report.outcome == .refusedStatus && Int(report.status) == status)
            }
            #expect(bench.finalTally().possibleRepeats == 0)
        }
        #expect(server.requests == 2)
        await server.stop()
    }

    @Test("the requests of last attempts are never sent twice")
    func lastAttempts() async throws {
        // A connection that was silent for a second is not used for a last attempt: then it is the first on another.
        let server = try await HTTP2Server.start(identity) { connection, request in
            connection == 1 && request == 1 ? [.headers(end: true)] : [.close]
        }
        try await run { bench in
            let endpoint = Endpoint.overTLS(server.port)
            _ = await bench.deliver(1, to: endpoint)
            let report = await bench.deliver(2, to: endpoint, attempt: UInt16(endpoint.retry.attempts))
            #expect(report.outcome == .connectionReset)
            #expect(bench.finalTally().possibleRepeats == 0)
        }
        #expect(server.requests == 2)
        await server.stop()
    }

    @Test("a request that is over its time is reset; the others on its connection go on")
    func timeout() async throws {
        let server = try await HTTP2Server.start(identity) { _, request in
            request == 1 ? [] : [.headers(end: true)]
        }
        try await run { bench in
            bench.offer(1...1, to: .overTLS(server.port, number: 1, timeout: 1_000))
            bench.offer(2...9, to: .overTLS(server.port, number: 2))
            var reports = await bench.reports(9)
            let late = reports.remove(at: try #require(reports.firstIndex { $0.delivery.endpoint.value == 1 }))
            #expect(late.outcome == .timedOut)
            #expect(reports.allSatisfy { $0.outcome == .delivered })
            #expect(await bench.deliver(10, to: .overTLS(server.port, number: 2)).outcome == .delivered)
        }
        #expect(server.connections == 1)
        await server.stop()
    }

    @Test("a server that wants HTTP/1.1 for a request gets it")
    func needsHTTP1() async throws {
        let server = try await HTTP2Server.start(identity, speaksHTTP1: true) { _, _ in [.reset(13)] }
        try await run { bench in
            let report = await bench.deliver(1, to: .overTLS(server.port))
            #expect(report.outcome == .delivered && report.status == 204)
        }
        #expect(server.requests == 1 && server.overHTTP1 == 1)
        await server.stop()
    }

    @Test("requests that wait for one connection wait once more when it cannot be opened, and then fail")
    func unreachable() async throws {
        try await run { bench in
            let port = try await FreePort.choose()
            bench.offer(1...9, to: .overTLS(port, window: 9))
            #expect(await bench.reports(9).allSatisfy { $0.outcome == .connectRefused })
        }
    }

    @Test("large messages are sent in pieces, over both versions of HTTP")
    func large() async throws {
        let payload = [UInt8](repeating: 0x20, count: Limits.payloadBytes)
        let modern = try await HTTP2Server.start(identity, window: 0x7000_0000, isNarrow: true) { _, _ in
            [.headers(end: true)]
        }
        let older = try await RawServer.start(as: identity, isNarrow: true) { _, _ in
            .send("HTTP/1.1 204 No\r\n\r\n")
        }
        try await run { bench in
            for (port, http2) in [(modern.port, true), (older.port, false)] {
                let endpoint = Endpoint.overTLS(port, http2: http2, timeout: 30_000)
                bench.offer(1...4, to: endpoint, payload: payload)
                #expect(await bench.reports(4).allSatisfy { $0.outcome == .delivered })
            }
        }
        #expect(modern.bodyBytes == 4 * payload.count && modern.connections == 1)
        await modern.stop()
        await older.stop()
    }
}
