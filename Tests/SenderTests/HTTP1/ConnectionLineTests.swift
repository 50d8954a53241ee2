import Sender
import TestSupport
import Testing
import WebhookModel

/// What waits because its site has as many connections as are opened freely.
@Suite("The line for a connection", .timeLimit(.minutes(5)))
struct ConnectionLineTests {
    private static let millisecond: Int64 = 1_000_000
    private static let start = SteppedTransport.start
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    @Test(
        "an attempt that waits for long gets a connection of its own",
        arguments: [(60_000, Limits.lineMilliseconds), (160, 40)] as [(Int64, Int64)])
    func late(timeout: Int64, wait: Int64) async throws {
        let server = try await RawServer.start { _, _ in .keepSilent }
        let driver = try SteppedTransport()
        driver.turn(at: ConnectionLineTests.start)
        let free = Limits.freeConnections
        for position in 1...UInt64(free + 6) { try driver.begin(position, to: .local(server.port, timeout: timeout)) }
        driver.turns(at: ConnectionLineTests.start) { server.requests.count == free }
        driver.turn(at: ConnectionLineTests.start + (wait - 10) * ConnectionLineTests.millisecond)
        #expect(server.connections == free && driver.ended.isEmpty)
        let late = ConnectionLineTests.start + (wait + 40) * ConnectionLineTests.millisecond
        driver.turns(at: late) { server.requests.count == free + 6 }
        #expect(server.connections == free + 6 && driver.ended.isEmpty)
        await server.stop()
    }

    @Test("an attempt in line ends when its time is over, and the others go on")
    func timeLimit() async throws {
        let server = try await RawServer.start { _, _ in .keepSilent }
        let driver = try SteppedTransport()
        driver.turn(at: ConnectionLineTests.start)
        let free = Limits.freeConnections
        for position in 1...UInt64(free) { try driver.begin(position, to: .local(server.port, timeout: 60_000)) }
        try driver.begin(UInt64(free + 1), to: .local(server.port, number: 2, timeout: 1_000))
        driver.turns(at: ConnectionLineTests.start) { server.requests.count == free }
        // One turn sees only its end.
        driver.turn(at: ConnectionLineTests.start + 1_020 * ConnectionLineTests.millisecond)
        #expect(driver.ended.map(\.report.outcome) == [.timedOut] && server.connections == free)
        await server.stop()
    }

    @Test("attempts in line are sent in the order of their arrival, over the connections that there are")
    func served() async throws {
        let server = try await RawServer.start { _, _ in .send(ConnectionLineTests.ok) }
        let driver = try SteppedTransport()
        driver.turn(at: ConnectionLineTests.start)
        let count = 10 * Limits.freeConnections
        for position in 1...UInt64(count) { try driver.begin(position, to: .local(server.port)) }
        driver.turns(at: ConnectionLineTests.start) { driver.ended.count == count }
        #expect(driver.ended.allSatisfy { $0.report.outcome == .delivered })
        #expect(server.connections <= Limits.freeConnections)
        await server.stop()
    }
}
