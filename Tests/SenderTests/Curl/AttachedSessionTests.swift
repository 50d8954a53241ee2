import Sender
import TestSupport
import Testing
import WebhookModel

/// The TLS session of a connection stays ours while libcurl looks for connections that it could close.
@Suite("Attached TLS sessions", .timeLimit(.minutes(5)))
struct AttachedSessionTests {
    private static let start = SteppedTransport.start
    private let folder = TemporaryDirectory()
    private let identity: ServerIdentity
    private let authorities: String

    init() {
        let ca = ThrowawayCA(directory: folder.path)
        identity = ServerIdentity(ca.issue(commonName: "hooks", ipAddresses: ["127.0.0.1"]))
        authorities = ca.certificateFile
    }

    // libcurl took the connection for idle and closed it. Its descriptor then belonged to the new connection.
    @Test("a connection whose peer has closed it is not closed by libcurl while another is opened")
    func closedByPeer() async throws {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let first = try await RawServer.start(as: identity) { _, _ in .send(ok) }
        let second = try await RawServer.start(as: identity) { _, _ in .send(ok) }
        let driver = try SteppedTransport(authoritiesFile: authorities)
        let now = AttachedSessionTests.start
        driver.turn(at: now)
        try driver.begin(1, to: .overTLS(first.port, http2: false, timeout: 60_000))
        driver.turns(at: now) { driver.ended.count == 1 }
        first.closeConnections()
        await first.waitUntil { $0 == 0 }
        // libcurl looks at most once a second, by its own clock.
        driver.waitInRealTime(milliseconds: 1_100)
        try driver.begin(2, to: .overTLS(second.port, number: 2, http2: false, timeout: 60_000))
        // Before the end of the first connection is noticed here.
        driver.transport.run()
        driver.turns(at: now) { driver.ended.count == 2 }
        try driver.begin(3, to: .overTLS(first.port, http2: false, timeout: 60_000))
        try driver.begin(4, to: .overTLS(second.port, number: 2, http2: false, timeout: 60_000))
        driver.turns(at: now) { driver.ended.count == 4 }
        #expect(driver.ended.allSatisfy { $0.report.outcome == .delivered && $0.repeats == 0 })
        #expect(first.connections == 2 && second.connections == 1)
        await first.stop()
        await second.stop()
    }
}
