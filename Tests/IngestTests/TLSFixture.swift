import Ingest
import Logging
import TestSupport
import WebhookModel

/// A server with TLS, its authority, and what it logged.
struct TLSFixture {
    let folder: TemporaryDirectory
    let ca: ThrowawayCA
    let configuration: IngestConfiguration
    let server: IngestServer
    let port: Int
    let queue = QueueDouble(.answers)
    let log = LogLines()
    var tls: TLSSettings { configuration.tls! }

    /// - Parameters:
    ///   - validDays: of the server's certificate.
    init(
        clients: TLSSettings.ClientCertificates = .none, validDays: Int = 90,
        configure: (inout IngestConfiguration) -> Void = { _ in }
    ) async throws {
        folder = TemporaryDirectory()
        ca = ThrowawayCA(directory: folder.path)
        // At fixed paths, as an operator has them, so that a reload finds new files there.
        let certificate = ca.issue(commonName: "ingest", dnsNames: ["localhost"], validDays: validDays)
        var configuration = IngestConfiguration()
        configuration.port = 0
        configuration.sweepMilliseconds = 5
        configuration.authFailureDelayMilliseconds = 20
        configuration.lingerMilliseconds = 100
        configuration.tls = TLSSettings(
            certificateFile: certificate.certificateFile, keyFile: certificate.keyFile,
            clientCAFile: clients == .none ? nil : ca.certificateFile, clientCertificates: clients)
        configure(&configuration)
        self.configuration = configuration
        let key = SessionDriver.key { $0.clientCertificates = ["shop"] }
        server = IngestServer(
            configuration: configuration, access: SessionDriver.access(key), intake: queue.port,
            logger: Logger(label: "test") { [log] _ in log })
        port = try await server.start()
    }

    /// The replies to HELLO on a new connection with this TLS.
    func replies(_ count: Int, tls: TLSClient, key: String = "key-of-acme") async throws -> [String] {
        let producer = try await TestProducer(port: port, tls: tls)
        // A refused handshake fails the writes that wait for it.
        try? await producer.sayHello(key: key)
        let replies = try await producer.replies(count)
        try? await producer.close()
        return replies
    }
}
