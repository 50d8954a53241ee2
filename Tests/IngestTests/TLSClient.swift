import NIOCore
import NIOSSL
import TestSupport

/// The client's side of TLS in a test: its authorities, application protocols and certificate.
struct TLSClient: Sendable {
    let context: NIOSSLContext
    /// The name that the server's certificate must have; nil: the address.
    let host: String?

    init(
        trusting ca: ThrowawayCA, host: String? = "localhost", protocols: [String] = ["needletail/1"],
        certificate: ThrowawayCA.Issued? = nil, versions: ClosedRange<Int> = 12...13
    ) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(ca.certificateFile)
        configuration.applicationProtocols = protocols
        configuration.minimumTLSVersion = TLSClient.version(versions.lowerBound)
        configuration.maximumTLSVersion = TLSClient.version(versions.upperBound)
        if let certificate {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.certificateFile)
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificate.keyFile, format: .pem))
        }
        context = try NIOSSLContext(configuration: configuration)
        self.host = host
    }

    func handler() throws -> NIOSSLClientHandler { try NIOSSLClientHandler(context: context, serverHostname: host) }

    private static func version(_ number: Int) -> TLSVersion {
        switch number {
        case 10: .tlsv1
        case 11: .tlsv11
        case 12: .tlsv12
        default: .tlsv13
        }
    }
}
