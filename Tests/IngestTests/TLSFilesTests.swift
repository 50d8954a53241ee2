import Foundation
import Ingest
import TestSupport
import Testing

/// Certificate files: an error names the file, and a reload disturbs no connection.
@Suite(.timeLimit(.minutes(5))) struct TLSFilesTests {
    @Test func aReloadUsesTheNewFilesAndDropsNoConnection() async throws {
        let fixture = try await TLSFixture()
        let old = try TLSClient(trusting: fixture.ca)
        let producer = try await TestProducer.welcomed(port: fixture.port, tls: old)
        // Another authority issued the new certificate, so a client that trusts only the old one notices the change.
        let next = ThrowawayCA(directory: fixture.folder.path)
        try replace(fixture.tls, with: next.issue(commonName: "ingest", dnsNames: ["localhost"]))
        let until = try fixture.server.reloadCertificates()
        #expect(until != nil)
        _ = try await TestProducer.welcomed(port: fixture.port, tls: TLSClient(trusting: next))
        let refused = try await fixture.replies(1, tls: old)
        #expect(refused.first?.contains("CERTIFICATE_VERIFY_FAILED") == true, "\(refused)")
        try await producer.send(SessionDriver.publish(1, count: 2))
        #expect(try await producer.replies(1) == ["ACK 1 ACCEPTED ACCEPTED"])
        await fixture.server.shutdown()
    }

    @Test func aBadFileKeepsTheOldOneInUse() async throws {
        let fixture = try await TLSFixture()
        try Data("no certificate".utf8).write(to: URL(filePath: fixture.tls.certificateFile))
        #expect(throws: TLSFileError.self) { try fixture.server.reloadCertificates() }
        _ = try await TestProducer.welcomed(port: fixture.port, tls: TLSClient(trusting: fixture.ca))
        await fixture.server.shutdown()
    }

    private func replace(_ settings: TLSSettings, with issued: ThrowawayCA.Issued) throws {
        for (from, to) in [(issued.certificateFile, settings.certificateFile), (issued.keyFile, settings.keyFile)] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
        }
    }

    enum Mistake: String, CaseIterable {
        case noCertificate, emptyCertificate, noKey, keyIsNone, keyOfAnother, noAuthority
    }

    @Test(arguments: Mistake.allCases)
    func aBadFileIsNamedWithARemedy(mistake: Mistake) async throws {
        let folder = TemporaryDirectory()
        let ca = ThrowawayCA(directory: folder.path)
        let issued = ca.issue(commonName: "ingest")
        let missing = folder.path + "/missing.pem"
        let empty = folder.path + "/empty.pem"
        try Data().write(to: URL(filePath: empty))
        var tls = TLSSettings(certificateFile: issued.certificateFile, keyFile: issued.keyFile)
        let words: (String, String)
        switch mistake {
        case .noCertificate:
            tls.certificateFile = missing
            words = (missing, "No such file")
        case .emptyCertificate:
            tls.certificateFile = empty
            words = (empty, "holds no certificate; expected PEM")
        case .noKey:
            tls.keyFile = missing
            words = (missing, "No such file")
        case .keyIsNone:
            tls.keyFile = issued.certificateFile
            words = (issued.certificateFile, "holds no private key; expected PEM without a passphrase")
        case .keyOfAnother:
            tls.keyFile = ca.issue(commonName: "other").keyFile
            words = (tls.keyFile, "does not belong to the certificate \(issued.certificateFile)")
        case .noAuthority:
            tls.clientCertificates = .required
            tls.clientCAFile = missing
            words = (missing, "No such file")
        }
        let settings = tls
        let error = await #expect(throws: IngestStartError.self) { _ = try await TLSFixture { $0.tls = settings } }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("TLS: \(words.0): ") && text.contains(words.1), "\(text)")
    }
}
