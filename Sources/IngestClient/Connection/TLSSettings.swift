import NIOCore
import NIOSSL

/// How a connection is encrypted, and which certificates are trusted: TLS 1.2 or newer, ALPN `needletail/1`.
///
/// The server's certificate and its name are always verified; this cannot be switched off. Files are read again for
/// every connection, so renewed ones are used without a restart.
public struct TLSSettings: Sendable {
    /// The authorities that may have issued the server's certificate.
    public enum TrustRoots: Sendable, Equatable {
        /// The authorities of the operating system.
        case system
        /// A PEM file with one or more certificates.
        case file(String)
        /// Certificates in DER.
        case der([[UInt8]])
    }

    public var trustRoots = TrustRoots.system
    /// The name that the certificate must contain, also sent as SNI; nil: the host of the address. Required for a Unix
    /// socket.
    public var serverName: String?
    /// PEM chain that this client shows, its own certificate first. Set both this and `keyFile`, or neither.
    public var certificateFile: String?
    public var keyFile: String?

    public init() {}

    /// Protocol.md, 1.
    static let applicationProtocol = "needletail/1"

    /// What the TLS handlers of one connection are made from.
    struct Agreement: Sendable {
        let context: NIOSSLContext
        let serverName: String?

        /// The channel's first handler.
        func makeHandler() throws -> NIOSSLClientHandler {
            try NIOSSLClientHandler(context: context, serverHostname: serverName)
        }
    }

    /// Reads the files.
    func agreement(with server: ServerAddress) throws(IngestError) -> Agreement {
        do {
            let context = try NIOSSLContext(configuration: configuration())
            return Agreement(context: context, serverName: try verifiedName(of: server))
        } catch let error as IngestError {
            throw error
        } catch {
            throw IngestError.badSettings("TLS: \(error)")
        }
    }

    /// nil for an IP address: SNI must not contain one, and the certificate is checked against the peer's address
    /// instead.
    private func verifiedName(of server: ServerAddress) throws(IngestError) -> String? {
        if let serverName { return serverName }
        switch server {
        case .tcp(let host, _): return (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
        case .unix(let path):
            throw .badSettings("TLS over unix:\(path): set `serverName` to the name in its certificate")
        }
    }

    private func configuration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = [TLSSettings.applicationProtocol]
        switch trustRoots {
        case .system: configuration.trustRoots = .default
        case .file(let path):
            try reading(path, "trusted certificates") {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
            }
        case .der(let certificates):
            configuration.trustRoots = .certificates(
                try certificates.map { try NIOSSLCertificate(bytes: $0, format: .der) })
        }
        switch (certificateFile, keyFile) {
        case (let certificate?, let key?):
            try reading(certificate, "the client certificate") {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
            }
            try reading(key, "the client key") {
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
        case (nil, nil): break
        default:
            throw IngestError.badSettings(
                "TLS: a client certificate needs its key, and a key its certificate; one is missing")
        }
        return configuration
    }

    private func reading(_ path: String, _ what: String, _ read: () throws -> Void) throws(IngestError) {
        do { try read() } catch {
            throw .badSettings("TLS: \(what) cannot be read from \(path), which must be a PEM file: \(error)")
        }
    }
}
