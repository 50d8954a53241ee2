import Foundation
import MockReceiver
import TestSupport
import Testing

/// Judged by Python's ssl module and curl, which know nothing of this receiver.
@Suite(.timeLimit(.minutes(5))) struct HTTPSTests {
    private func program(_ fault: ConnectionFault) -> BehaviourProgram {
        var program = BehaviourProgram()
        program.connections = [ConnectionRule(fault)]
        return program
    }

    /// What a lawful client says of the connection: the answer's status, or the library's words about what went wrong.
    private func ask(
        _ port: Int, _ directory: TemporaryDirectory, _ settings: String = "", timeout: Double = 10,
        host: String = "127.0.0.1"
    ) async throws -> String {
        try await Python.run(
            """
            import http.client, ssl
            context = ssl.create_default_context(cafile="\(directory.path)/ca.pem")
            \(settings)
            connection = http.client.HTTPSConnection("\(host)", \(port), timeout=\(timeout), context=context)
            try:
                connection.request("POST", "/secure", b"{}", {"webhook-id": "one"})
                print(connection.getresponse().status, connection.sock.version())
            except Exception as error:
                print(error)
            """)
    }

    @Test func speaksHTTPSWithItsOwnAuthority() async throws {
        try await withSecureReceiver { receiver, port, directory in
            #expect(try await ask(port, directory) == "200 TLSv1.3")
            #expect(try await ask(port, directory, "context.maximum_version = ssl.TLSVersion.TLSv1_2") == "200 TLSv1.2")
            #expect(receiver.endpoints().map(\.path) == ["/secure"])
            #expect(receiver.stats().totals.duplicates == 1)
            try await eventually { receiver.stats().connections == 0 }
        }
    }

    @Test(arguments: [
        (ConnectionFault.tlsExpired, "certificate has expired"), (.tlsWrongHost, "IP address mismatch"),
        (.tlsSelfSigned, "self-signed certificate"),
        (.tlsOldVersion, "unsupported protocol|UNSUPPORTED_PROTOCOL|protocol version|legacy sigalg"),
        (.tlsClientCertificate, "certificate required|CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|handshake failure"),
        (.reset, "reset|EOF"),
    ])
    func eachFaultCausesItsOwnError(fault: ConnectionFault, words: String) async throws {
        try await withSecureReceiver(program(fault)) { receiver, port, directory in
            // In TLS 1.3 a client has sent its request before it hears that its certificate is wanted, and may meet a reset instead.
            let settings = fault == .tlsClientCertificate ? "context.maximum_version = ssl.TLSVersion.TLSv1_2" : ""
            let seen = try await ask(port, directory, settings)
            #expect(words.split(separator: "|").contains { seen.contains($0) }, "\(seen)")
            #expect(receiver.stats().totals.requests == 0)
        }
    }

    @Test(arguments: [ConnectionFault.tlsStall, .silence])
    func aStallAnswersNoClientHello(fault: ConnectionFault) async throws {
        try await withSecureReceiver(program(fault)) { _, port, directory in
            let said = try await ask(port, directory, timeout: 0.3)
            #expect(said.contains("timed out"))
        }
    }

    @Test func takesAClientsCertificate() async throws {
        try await withSecureReceiver(program(.tlsClientCertificate)) { receiver, port, directory in
            let issued = try #require(try receiver.issueClientCertificate())
            try (issued.certificate + issued.key).write(
                toFile: directory.path + "/client.pem", atomically: true, encoding: .utf8)
            #expect(
                try await ask(port, directory, "context.load_cert_chain('\(directory.path)/client.pem')")
                    == "200 TLSv1.3")
        }
    }

    @Test func eachAddressOfThisMachineHasACertificateOfItsOwn() async throws {
        var configuration = ReceiverConfiguration()
        configuration.host = "0.0.0.0"
        configuration.tlsPort = 0
        let directory = TemporaryDirectory()
        try await withReceiver(configuration) { receiver in
            let authority = try #require(receiver.authorityCertificate)
            try authority.write(toFile: directory.path + "/ca.pem", atomically: true, encoding: .utf8)
            let port = try #require(receiver.tlsPort)
            for host in ["127.0.0.1", "127.0.0.2", "127.1.2.3", "127.0.0.2"] {
                #expect(try await ask(port, directory, host: host) == "200 TLSv1.3", "\(host)")
            }
        }
    }

    @Test func anAuthorityIsUsedByOneReceiverAfterTheOther() async throws {
        let authority = try ReceiverAuthority()
        let directory = TemporaryDirectory()
        try authority.certificate.write(toFile: directory.path + "/ca.pem", atomically: true, encoding: .utf8)
        for _ in 0..<2 {
            var configuration = ReceiverConfiguration()
            configuration.tlsPort = 0
            configuration.tlsAuthority = try ReceiverAuthority(
                certificate: authority.certificate, key: authority.key)
            try await withReceiver(configuration) { receiver in
                #expect(receiver.authorityCertificate == authority.certificate)
                let port = try #require(receiver.tlsPort)
                #expect(try await ask(port, directory) == "200 TLSv1.3")
            }
        }
    }

    @Test func anAuthorityWithAnothersKeyIsRefused() throws {
        let (one, other) = (try ReceiverAuthority(), try ReceiverAuthority())
        #expect(throws: (any Error).self) {
            _ = try ReceiverAuthority(certificate: one.certificate, key: other.key)
        }
    }

    @Test func tlsFaultsDoNotAffectThePlaintextPort() async throws {
        try await withSecureReceiver(program(.tlsExpired)) { receiver, _, _ in
            try await expectStatuses([200], from: receiver.port, [WebhookRequest().text])
        }
    }
}
