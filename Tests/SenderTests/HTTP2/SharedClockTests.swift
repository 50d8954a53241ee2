import Sender
import TestSupport
import Testing
import WebhookModel

/// HTTP/2 connections that grow old, silent or idle, with a clock that the test steps.
@Suite("HTTP/2 with a stepped clock", .timeLimit(.minutes(5)))
struct SharedClockTests {
    private static let second = SteppedTransport.second
    private static let start = SteppedTransport.start
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA
    private let identity: ServerIdentity

    init() {
        ca = ThrowawayCA(directory: folder.path)
        identity = ServerIdentity(ca.issue(commonName: "hooks", ipAddresses: ["127.0.0.1"]))
    }

    /// Makes one attempt at a time of the test's choice.
    private func deliver(
        _ position: UInt64, _ driver: SteppedTransport, _ server: HTTP2Server, at seconds: Int64,
        freshConnection: Bool = false
    ) throws {
        let now = SharedClockTests.start + seconds * SharedClockTests.second
        let before = driver.ended.count
        driver.turn(at: now)
        try driver.begin(
            position, to: .overTLS(server.port, timeout: 60_000), freshConnection: freshConnection)
        driver.turns(at: now) { driver.ended.count > before }
    }

    @Test("a server that answers neither a request nor a PING gets no further requests on that connection")
    func silence() async throws {
        let server = try await HTTP2Server.start(identity, answersPing: false) { connection, request in
            connection == 1 && request > 1 ? [] : [.headers(end: true)]
        }
        let driver = try SteppedTransport(authoritiesFile: ca.certificateFile)
        try deliver(1, driver, server, at: 0)
        let later = SharedClockTests.start + 5 * SharedClockTests.second
        driver.turn(at: later)
        try driver.begin(2, to: .overTLS(server.port, timeout: 60_000))
        driver.turns(at: later) { server.requests == 2 }
        driver.turn(at: later + 3 * SharedClockTests.second)
        try deliver(3, driver, server, at: 9)
        #expect(server.connections == 2)
        driver.turn(at: later + 61 * SharedClockTests.second)
        #expect(driver.ended.map(\.report.outcome) == [.delivered, .delivered, .timedOut])
        await server.stop()
    }

    @Test("an attempt with a decided outcome ends early; its stream is reset when its time is over")
    func decided() async throws {
        let server = try await HTTP2Server.start(identity) { _, request in [.headers(end: request > 1)] }
        let driver = try SteppedTransport(authoritiesFile: ca.certificateFile)
        driver.turn(at: SharedClockTests.start)
        // Longer than a configuration allows: the clock runs fast here.
        try driver.begin(1, to: .overTLS(server.port, timeout: 100_000))
        driver.turns(at: SharedClockTests.start) { server.requests == 1 }
        let time = driver.advance(from: SharedClockTests.start) { !driver.ended.isEmpty }
        let end = try #require(driver.ended.first)
        #expect(end.report.outcome == .delivered && end.report.isAnswerIncomplete)
        #expect(time < SharedClockTests.start + 90 * SharedClockTests.second)
        // The receiver may still be working; other requests share the connection.
        try driver.begin(2, to: .overTLS(server.port, timeout: 100_000))
        driver.turns(at: time) { driver.ended.count == 2 }
        #expect(server.resets == 0 && server.connections == 1)
        _ = driver.advance(from: SharedClockTests.start + 101 * SharedClockTests.second) { server.resets == 1 }
        #expect(driver.ended.count == 2)
        await server.stop()
    }

    @Test("a connection whose server answers PINGs stays in use while a request is slow")
    func slow() async throws {
        let server = try await HTTP2Server.start(identity) { _, request in
            request == 2 ? [] : [.headers(end: true)]
        }
        let driver = try SteppedTransport(authoritiesFile: ca.certificateFile)
        try deliver(1, driver, server, at: 0)
        let later = SharedClockTests.start + 5 * SharedClockTests.second
        driver.turn(at: later)
        try driver.begin(2, to: .overTLS(server.port, timeout: 60_000))
        driver.turns(at: later) { server.pings == 1 }
        // The answer to the PING is on its way: another request's answer comes behind it.
        try deliver(3, driver, server, at: 6)
        try deliver(4, driver, server, at: 9)
        #expect(server.connections == 1 && driver.ended.count == 3)
        await server.stop()
    }

    @Test("an idle connection is closed after 30 seconds, and one in use takes no requests after five minutes")
    func age() async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in [.headers(end: true)] }
        let driver = try SteppedTransport(authoritiesFile: ca.certificateFile)
        try deliver(1, driver, server, at: 0)
        try deliver(2, driver, server, at: 31)
        #expect(server.connections == 2)
        for step in Int64(1)...13 { try deliver(UInt64(2 + step), driver, server, at: 31 + step * 20) }
        #expect(server.connections == 2)
        try deliver(16, driver, server, at: 331)
        #expect(server.connections == 3 && driver.ended.allSatisfy { $0.report.outcome == .delivered })
        await server.stop()
    }

    @Test("a last attempt uses a connection only if its server sent something within the last second")
    func lastAttempt() async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in [.headers(end: true)] }
        let driver = try SteppedTransport(authoritiesFile: ca.certificateFile)
        try deliver(1, driver, server, at: 0)
        try deliver(2, driver, server, at: 1, freshConnection: true)
        #expect(server.connections == 1)
        try deliver(3, driver, server, at: 5, freshConnection: true)
        #expect(server.connections == 2 && driver.ended.allSatisfy { $0.report.outcome == .delivered })
        await server.stop()
    }
}
