import Sender
import TestSupport
import Testing
import WebhookModel

/// HTTP/2 requests that wait because all streams of the connections that there are, are in use.
@Suite("The line for a stream", .timeLimit(.minutes(5)))
struct SharedLineTests {
    private static let millisecond: Int64 = 1_000_000
    private static let start = SteppedTransport.start
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA
    private let identity: ServerIdentity

    init() {
        ca = ThrowawayCA(directory: folder.path)
        identity = ServerIdentity(ca.issue(commonName: "hooks", ipAddresses: ["127.0.0.1"]))
    }

    // 10,000 a second to a receiver whose processor was busy opened 16 connections, where four sufficed.
    @Test("requests that a few connections can carry wait for their streams")
    func served() async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in [.headers(end: true)] }
        let driver = try SteppedTransport(authoritiesFile: ca.certificateFile)
        driver.turn(at: SharedLineTests.start)
        let count = 5 * Limits.streamsPerConnection
        for position in 1...UInt64(count) {
            try driver.begin(position, to: .overTLS(server.port, timeout: 60_000))
        }
        driver.turns(at: SharedLineTests.start) { driver.ended.count == count }
        #expect(driver.ended.allSatisfy { $0.report.outcome == .delivered })
        #expect(server.connections <= Limits.freeSharedConnections)
        await server.stop()
    }

    @Test("a request that waits for long gets another connection")
    func late() async throws {
        let server = try await HTTP2Server.start(identity) { _, _ in [] }
        let driver = try SteppedTransport(authoritiesFile: ca.certificateFile)
        driver.turn(at: SharedLineTests.start)
        let full = Limits.freeSharedConnections * Limits.streamsPerConnection
        for position in 1...UInt64(full + 6) {
            try driver.begin(position, to: .overTLS(server.port, timeout: 60_000))
        }
        driver.turns(at: SharedLineTests.start) { server.requests == full }
        driver.turn(at: SharedLineTests.start + (Limits.sharedLineMilliseconds - 10) * SharedLineTests.millisecond)
        #expect(server.connections == Limits.freeSharedConnections)
        let late = SharedLineTests.start + (Limits.sharedLineMilliseconds + 100) * SharedLineTests.millisecond
        driver.turns(at: late) { server.requests == full + 6 }
        #expect(server.connections > Limits.freeSharedConnections && driver.ended.isEmpty)
        await server.stop()
    }
}
