import Scheduling
import Sender
import Settings
import TestSupport
import Testing
import Threading
import WebhookModel

/// The transport over HTTP/1.1 with a clock that the test steps: a suspended process or machine sees such steps.
@Suite("Exchanges with a stepped clock", .timeLimit(.minutes(5)))
struct SteppedClockTests {
    private static let second = SteppedTransport.second
    private static let start = SteppedTransport.start
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    @Test("an attempt's time is counted by the turn's clock")
    func timeLimit() async throws {
        let server = try await RawServer.start { _, _ in .keepSilent }
        let driver = try SteppedTransport()
        driver.turn(at: SteppedClockTests.start)
        try driver.begin(1, to: .local(server.port, timeout: 10_000))
        driver.turns(at: SteppedClockTests.start) { server.requests.count == 1 }
        driver.turn(at: SteppedClockTests.start + 10 * SteppedClockTests.second - 1)
        #expect(driver.ended.isEmpty)
        driver.turn(at: SteppedClockTests.start + 11 * SteppedClockTests.second)
        #expect(driver.ended.map(\.report.outcome) == [.timedOut])
        #expect(driver.ended.first?.report.phases.total == 11_000_000)
        await server.stop()
    }

    @Test("after a suspension old attempts time out and new ones are made", arguments: [150, 86_400, 40_000_000])
    func suspension(seconds: Int64) async throws {
        let server = try await RawServer.start { _, request in request == 1 ? .keepSilent : .send(SteppedClockTests.ok)
        }
        let driver = try SteppedTransport()
        driver.turn(at: SteppedClockTests.start)
        try driver.begin(1, to: .local(server.port, timeout: 10_000))
        driver.turns(at: SteppedClockTests.start) { server.requests.count == 1 }
        let later = SteppedClockTests.start + seconds * SteppedClockTests.second
        // The loop takes the events of its sockets first, then its mailbox, so that an attempt may begin here.
        driver.transport.now = later
        let other = try await RawServer.start { _, _ in .send(SteppedClockTests.ok) }
        try driver.begin(2, to: .local(other.port, number: 2, timeout: 60_000))
        driver.turns(at: later) { driver.ended.count == 2 }
        #expect(driver.ended.map(\.report.outcome) == [.timedOut, .delivered])
        await server.stop()
        await other.stop()
    }

    @Test("an attempt with a decided outcome ends early; its connection is open until its time is over")
    func decided() async throws {
        let server = try await RawServer.start { _, _ in .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe") }
        let driver = try SteppedTransport()
        driver.turn(at: SteppedClockTests.start)
        // Longer than a configuration allows: the clock runs fast here.
        try driver.begin(1, to: .local(server.port, timeout: 300_000))
        driver.turns(at: SteppedClockTests.start) { server.requests.count == 1 }
        let time = driver.advance(from: SteppedClockTests.start) { !driver.ended.isEmpty }
        let end = try #require(driver.ended.first)
        #expect(end.report.outcome == .delivered && end.report.isAnswerIncomplete)
        #expect(time < SteppedClockTests.start + 200 * SteppedClockTests.second)
        #expect(end.report.phases.total >= UInt32(Limits.answerRestMilliseconds * 1_000))
        // The receiver may still be working.
        driver.turn(at: time + SteppedClockTests.second)
        #expect(server.openConnections == 1)
        // It is not used meanwhile.
        try driver.begin(2, to: .local(server.port, timeout: 300_000))
        driver.turns(at: time + SteppedClockTests.second) { server.requests.count == 2 }
        #expect(server.connections == 2)
        _ = driver.advance(from: SteppedClockTests.start + 301 * SteppedClockTests.second) {
            driver.ended.count == 2 && server.openConnections <= 1
        }
        await server.stop()
    }

    @Test("only so many connections are kept for the rests of answers: further attempts wait for their time")
    func decidedAndMany() async throws {
        let server = try await RawServer.start { _, _ in .send("HTTP/1.1 200 OK\r\n\r\n") }
        let driver = try SteppedTransport()
        driver.turn(at: SteppedClockTests.start)
        let most = Limits.drainingAnswers
        for position in 1...UInt64(most + 3) {
            try driver.begin(position, to: .local(server.port, timeout: 100_000_000))
        }
        // More than a site has without finding out whether they help: the last ones wait in line first.
        let time = driver.advance(from: SteppedClockTests.start) {
            server.requests.count == most + 3 && driver.ended.count >= most
        }
        driver.turn(at: time + 60 * SteppedClockTests.second)
        #expect(driver.ended.count == most && server.connections == most + 3)
        driver.turn(at: SteppedClockTests.start + 100_001 * SteppedClockTests.second)
        #expect(driver.ended.count == most + 3)
        #expect(driver.ended.allSatisfy { $0.report.outcome == .delivered && $0.report.isAnswerIncomplete })
        await server.stop()
    }

    @Test("a connection is used again for a second less than its server keeps it", arguments: ["timeout=5", "max=1"])
    func keepAlive(value: String) async throws {
        let server = try await RawServer.start { _, request in
            .send("HTTP/1.1 200 OK\r\n\(request == 1 ? "Keep-Alive: \(value)\r\n" : "")Content-Length: 0\r\n\r\n")
        }
        let driver = try SteppedTransport()
        func deliver(_ position: UInt64, at seconds: Int64) throws {
            let now = SteppedClockTests.start + seconds * SteppedClockTests.second
            driver.turn(at: now)
            try driver.begin(position, to: .local(server.port))
            driver.turns(at: now) { driver.ended.count == Int(position) }
        }
        try deliver(1, at: 0)
        try deliver(2, at: 3)
        #expect(server.connections == 1)
        // The answer without the field changes nothing about the time; the one request more is used up.
        try deliver(3, at: 8)
        #expect(server.connections == 2)
        #expect(driver.ended.allSatisfy { $0.report.outcome == .delivered && $0.repeats == 0 })
        await server.stop()
    }

    @Test("an attempt that outlasts the wheel's span is not ended early")
    func longAttempt() async throws {
        let server = try await RawServer.start { _, _ in .keepSilent }
        let driver = try SteppedTransport()
        // Longer than a configuration allows.
        try driver.begin(1, to: .local(server.port, timeout: 300_000))
        driver.turns(at: SteppedClockTests.start) { server.requests.count == 1 }
        for seconds in stride(from: Int64(1), to: 300, by: 1) {
            driver.turn(at: SteppedClockTests.start + seconds * SteppedClockTests.second)
        }
        #expect(driver.ended.isEmpty)
        driver.turn(at: SteppedClockTests.start + 301 * SteppedClockTests.second)
        #expect(driver.ended.map(\.report.outcome) == [.timedOut])
        await server.stop()
    }
}
