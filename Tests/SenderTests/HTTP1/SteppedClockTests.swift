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
