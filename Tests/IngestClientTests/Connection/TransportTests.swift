import IngestClient
import NIOCore
import NIOSSL
import TestSupport
import Testing
import WireProtocol

@Suite("TLS and Unix sockets", .timeLimit(.minutes(5)))
struct TransportTests {
    private let folder = TemporaryDirectory()
    private let authority: ThrowawayCA

    init() { authority = ThrowawayCA(directory: folder.path) }

    private static let answers: FrameServer.Script = { peer, frame in
        if frame.header.type == .hello { peer.send(FrameServer.welcome()) }
        if frame.header.type == .publish { peer.accept(frame) }
    }

    /// A server with a certificate for these names.
    private func server(
        dnsNames: [String] = ["localhost"], ipAddresses: [String] = [], validDays: Int = 1,
        asksForCertificate: Bool = false, alpn: [String] = ["needletail/1"]
    ) async throws -> FrameServer {
        let issued = authority.issue(
            commonName: "server", dnsNames: dnsNames, ipAddresses: ipAddresses, isClient: false, validDays: validDays)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(issued.certificateFile).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: issued.keyFile, format: .pem)))
        configuration.applicationProtocols = alpn
        if asksForCertificate {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority.certificateFile))
            configuration.certificateVerification = .noHostnameVerification
        }
        let context = try NIOSSLContext(configuration: configuration)
        return try await FrameServer.start(
            prepare: { channel in
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
            }, script: TransportTests.answers)
    }

    private func settings(host: String = "localhost", port: Int) -> PublisherSettings {
        var settings = PublisherSettings(servers: [.tcp(host: host, port: port)], apiKey: "key")
        var tls = TLSSettings()
        tls.trustRoots = .file(authority.certificateFile)
        settings.tls = tls
        return settings
    }

    private func failure(_ settings: PublisherSettings) async throws -> IngestError {
        do {
            let publisher = try await EventPublisher.connect(settings)
            await publisher.close()
        } catch {
            return error
        }
        throw Unexpected(error: nil)
    }

    @Test func `a certificate of a trusted authority is accepted, by name and by address`() async throws {
        let server = try await server(ipAddresses: ["127.0.0.1"])
        for host in ["localhost", "127.0.0.1"] {
            let publisher = try await EventPublisher.connect(settings(host: host, port: server.port))
            #expect(try await publisher.publish(Events.make(1)).isStored)
            await publisher.close()
        }
        var named = settings(host: "127.0.0.1", port: server.port)
        named.tls?.serverName = "localhost"
        let publisher = try await EventPublisher.connect(named)
        #expect(try await publisher.publish(Events.make(2)).isStored)
        await publisher.close()
        try await server.stop()
    }

    @Test func `a wrong name, an unknown authority and an expired certificate are permanent errors with their reason`()
        async throws
    {
        let other = try await server(dnsNames: ["elsewhere.example"])
        let wrongName = try await failure(settings(port: other.port))
        #expect(wrongName.isPermanent)
        #expect(wrongName.description.contains("name"))
        var untrusting = settings(port: other.port)
        untrusting.tls?.serverName = "elsewhere.example"
        untrusting.tls?.trustRoots = .system
        #expect(try await failure(untrusting).isPermanent)
        try await other.stop()

        let expired = try await server(validDays: -1)
        let error = try await failure(settings(port: expired.port))
        #expect(error.isPermanent, "\(error)")
        try await expired.stop()
    }

    @Test func `a client certificate is sent if the server asks for one`() async throws {
        let server = try await server(asksForCertificate: true)
        let issued = authority.issue(
            commonName: "shop", dnsNames: [], ipAddresses: [], isClient: true, validDays: 1)
        var settings = settings(port: server.port)
        settings.tls?.certificateFile = issued.certificateFile
        settings.tls?.keyFile = issued.keyFile
        let publisher = try await EventPublisher.connect(settings)
        #expect(try await publisher.publish(Events.make(1)).isStored)
        await publisher.close()

        settings.tls?.keyFile = nil
        guard case .badSettings(let text) = try await failure(settings), text.contains("needs its key") else {
            throw Unexpected(error: nil)
        }
        settings.tls?.keyFile = "/nowhere/key.pem"
        guard case .badSettings(let missing) = try await failure(settings), missing.contains("/nowhere/key.pem") else {
            throw Unexpected(error: nil)
        }
        try await server.stop()
    }

    @Test func `a server without a common application protocol is accepted`() async throws {
        let server = try await server(alpn: ["h2"])
        // Something may end TLS before the server: the preface decides.
        let publisher = try await EventPublisher.connect(settings(port: server.port))
        #expect(try await publisher.publish(Events.make(1)).isStored)
        await publisher.close()
        try await server.stop()
    }

    @Test func `TLS to a plaintext port ends with a clear error`() async throws {
        let server = try await FrameServer.start(script: TransportTests.answers)
        let error = try await failure(settings(port: server.port))
        guard case .tlsFailed = error else { throw Unexpected(error: error) }
        try await server.stop()
    }

    @Test func `events are published over a Unix socket`() async throws {
        let path = folder.path + "/ingest.sock"
        let server = try await FrameServer.start(unixPath: path, script: TransportTests.answers)
        let publisher = try await EventPublisher.connect(
            PublisherSettings(servers: [.unix(path: path)], apiKey: "key"))
        #expect(try await publisher.publish(Events.make(1)).isStored)
        await publisher.close()
        try await server.stop()
        let error = try await failure(PublisherSettings(servers: [.unix(path: path + ".gone")], apiKey: "key"))
        guard case .unreachable("unix:\(path).gone", _) = error else { throw Unexpected(error: error) }
    }
}
