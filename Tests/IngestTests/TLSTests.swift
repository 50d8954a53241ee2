import Ingest
import NIOCore
import TestSupport
import Testing
import WireProtocol

/// TLS over loopback sockets: which clients are accepted, which are refused, and what is logged.
@Suite(.timeLimit(.minutes(5))) struct TLSTests {
    @Test(arguments: [12...12, 13...13])
    func publishesOverTLS(versions: ClosedRange<Int>) async throws {
        let fixture = try await TLSFixture()
        let tls = try TLSClient(trusting: fixture.ca, versions: versions)
        let producer = try await TestProducer.welcomed(port: fixture.port, tls: tls)
        try await producer.send(SessionDriver.publish(1, count: 3, payload: 200_000))
        #expect(try await producer.replies(1) == ["ACK 1 ACCEPTED ACCEPTED ACCEPTED"])
        try await producer.finish()
        #expect(try await producer.replies(1) == ["end"])
        await fixture.server.shutdown()
        #expect(fixture.server.counters.connectionsOpen == 0 && fixture.server.counters.handshakeFailures == 0)
    }

    @Test func drainingWorksOverTLS() async throws {
        let fixture = try await TLSFixture()
        let producer = try await TestProducer.welcomed(port: fixture.port, tls: TLSClient(trusting: fixture.ca))
        await fixture.server.beginDraining(graceMilliseconds: 5_000)
        #expect(try await producer.replies(3) == ["GOAWAY", "CLOSE DRAINING", "end"])
        try await producer.close()
        await fixture.server.shutdown()
    }

    // MARK: The client does not trust the server

    @Test func aClientRefusesAnUntrustedCertificate() async throws {
        let fixture = try await TLSFixture()
        let stranger = ThrowawayCA(directory: fixture.folder.path)
        for tls in [try TLSClient(trusting: stranger), try TLSClient(trusting: fixture.ca, host: "other.example")] {
            let replies = try await fixture.replies(1, tls: tls)
            #expect(replies.first?.hasPrefix("error ") == true, "\(replies)")
        }
        // The server goes on.
        _ = try await TestProducer.welcomed(port: fixture.port, tls: TLSClient(trusting: fixture.ca))
        await fixture.server.shutdown()
        #expect(fixture.log.lines.contains { $0.contains("the TLS handshake failed: ") && $0.contains("alert") })
    }

    @Test func anExpiredCertificateIsRefusedAndLogged() async throws {
        let fixture = try await TLSFixture(validDays: -2)
        let replies = try await fixture.replies(1, tls: TLSClient(trusting: fixture.ca))
        #expect(replies.first?.contains("CERTIFICATE_VERIFY_FAILED") == true, "\(replies)")
        await fixture.server.shutdown()
        #expect(fixture.log.lines.contains { $0.contains("expired on") && $0.contains("send SIGHUP") })
    }

    @Test(arguments: [(13, true), (15, false)])
    func theLogWarnsTwoWeeksBeforeTheExpiry(days: Int, warns: Bool) async throws {
        let fixture = try await TLSFixture(validDays: days)
        await fixture.server.shutdown()
        #expect(fixture.log.lines.contains { $0.contains("expires in") } == warns, "\(fixture.log.lines)")
    }

    // MARK: The server refuses the client

    @Test func oldVersionsAreRefused() async throws {
        let fixture = try await TLSFixture()
        let replies = try await fixture.replies(1, tls: TLSClient(trusting: fixture.ca, versions: 10...11))
        #expect(replies.first?.contains("PROTOCOL_VERSION") == true, "\(replies)")
        await fixture.server.shutdown()
        #expect(fixture.server.counters.handshakeFailures == 1)
        #expect(fixture.log.lines.contains { $0.contains("the TLS handshake failed: unsupported protocol") })
    }

    @Test func aClientWithoutApplicationProtocolsIsServed() async throws {
        let fixture = try await TLSFixture()
        _ = try await TestProducer.welcomed(port: fixture.port, tls: TLSClient(trusting: fixture.ca, protocols: []))
        let several = try TLSClient(trusting: fixture.ca, protocols: ["h2", "needletail/1"])
        _ = try await TestProducer.welcomed(port: fixture.port, tls: several)
        await fixture.server.shutdown()
    }

    @Test func aClientOfAnotherProtocolIsRefused() async throws {
        let fixture = try await TLSFixture()
        let replies = try await fixture.replies(
            1, tls: TLSClient(trusting: fixture.ca, protocols: ["h2", "http/1.1"]))
        #expect(replies.first?.contains("NO_APPLICATION_PROTOCOL") == true, "\(replies)")
        await fixture.server.shutdown()
        #expect(
            fixture.log.lines.filter { $0.contains("offers h2, http/1.1; this port speaks needletail/1") }.count == 1)
        #expect(fixture.server.counters.otherProtocols == 1)
    }

    @Test func plaintextOnTheTLSPortIsRefusedInPlaintext() async throws {
        let fixture = try await TLSFixture()
        let producer = try await TestProducer(port: fixture.port)
        try await producer.sayHello()
        #expect(try await producer.replies(3) == ["preface", "CLOSE TLS_REQUIRED", "end"])
        try await producer.close()
        await fixture.server.shutdown()
        #expect(fixture.log.lines.filter { $0.contains("in plaintext on the TLS port") }.count == 1)
    }

    @Test func anHTTPRequestOnTheTLSPortIsNamed() async throws {
        let fixture = try await TLSFixture()
        let producer = try await TestProducer(port: fixture.port)
        try await producer.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(try await producer.replies(1) == ["end"])
        await fixture.server.shutdown()
        #expect(fixture.log.lines.filter { $0.contains("an HTTP request arrived on the TLS port") }.count == 1)
    }

    @Test func aSlowHandshakeIsCutOff() async throws {
        let fixture = try await TLSFixture { $0.helloMilliseconds = 50 }
        // One sends a record's header only, one sends nothing.
        let slow = try await TestProducer(port: fixture.port)
        try await slow.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
        let silent = try await TestProducer(port: fixture.port)
        for producer in [slow, silent] { #expect(try await producer.replies(1) == ["end"]) }
        await fixture.server.shutdown()
        #expect(fixture.server.counters.connectionsClosed == 2)
    }

    @Test func aHandshakeCountsAsUnauthenticated() async throws {
        let fixture = try await TLSFixture { $0.unauthenticatedConnectionsPerAddress = 1 }
        let tls = try TLSClient(trusting: fixture.ca)
        _ = try await TestProducer.welcomed(port: fixture.port, tls: tls)
        let silent = try await TestProducer(port: fixture.port)
        let next = try await TestProducer(port: fixture.port)
        #expect(try await next.replies(1) == ["end"])
        try await silent.close()
        await fixture.server.shutdown()
        #expect(fixture.server.counters.connectionsRefused == 1)
    }

    // MARK: Certificates of clients

    @Test func aRequiredCertificateSelectsItsAPIKey() async throws {
        let fixture = try await TLSFixture(clients: .required)
        let certificate = fixture.ca.issue(commonName: "shop", isClient: true)
        let known = try TLSClient(trusting: fixture.ca, certificate: certificate)
        let producer = try await TestProducer.welcomed(port: fixture.port, tls: known, key: "")
        try await producer.send(SessionDriver.publish(1))
        #expect(try await producer.replies(1) == ["ACK 1 ACCEPTED"])
        // In TLS 1.3 a client hears of the refusal after its own handshake has ended. So the reply is an alert or an end, never a
        // preface.
        let stranger = ThrowawayCA(directory: fixture.folder.path)
        for other in [nil, stranger.issue(commonName: "shop", isClient: true), fixture.ca.issue(commonName: "shop")] {
            let replies = try await fixture.replies(
                1, tls: TLSClient(trusting: fixture.ca, certificate: other), key: "")
            #expect(replies.first?.hasPrefix("error ") == true || replies == ["end"], "\(replies)")
        }
        let expired = fixture.ca.issue(commonName: "shop", isClient: true, validDays: -1)
        let replies = try await fixture.replies(
            1, tls: TLSClient(trusting: fixture.ca, certificate: expired), key: "")
        #expect(replies.first?.hasPrefix("error ") == true || replies == ["end"], "\(replies)")
        await fixture.server.shutdown()
        #expect(fixture.server.counters.authenticated == 1)
        #expect(fixture.server.counters.handshakeFailures == 4, "\(fixture.log.lines)")
    }

    @Test func anOptionalCertificateMayBeMissing() async throws {
        let fixture = try await TLSFixture(clients: .optional)
        let without = try TLSClient(trusting: fixture.ca)
        _ = try await TestProducer.welcomed(port: fixture.port, tls: without)
        #expect(try await fixture.replies(3, tls: without, key: "") == ["preface", "CLOSE AUTH_FAILED", "end"])
        let with = try TLSClient(
            trusting: fixture.ca, certificate: fixture.ca.issue(commonName: "shop", isClient: true))
        _ = try await TestProducer.welcomed(port: fixture.port, tls: with, key: "")
        await fixture.server.shutdown()
        #expect(fixture.log.lines.contains { $0.contains("neither an API key nor a client certificate was shown") })
    }
}
