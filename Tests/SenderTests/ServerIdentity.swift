import NIOSSL
import TestSupport

/// How a test's TLS server shows itself, and what it asks of clients.
struct ServerIdentity: Sendable {
    let certificateFile: String
    let keyFile: String
    /// The authority that clients' certificates must come from; nil: none are asked for.
    var clientCA: String?
    var most = TLSVersion.tlsv13
    var least = TLSVersion.tlsv1

    init(_ issued: ThrowawayCA.Issued, clientCA: String? = nil) {
        certificateFile = issued.certificateFile
        keyFile = issued.keyFile
        self.clientCA = clientCA
    }

    func context(protocols: [String] = []) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem)))
        configuration.minimumTLSVersion = least
        configuration.maximumTLSVersion = most
        configuration.applicationProtocols = protocols
        if let clientCA {
            configuration.trustRoots = .file(clientCA)
            configuration.certificateVerification = .noHostnameVerification
        }
        return try NIOSSLContext(configuration: configuration)
    }
}
