import NIOSSL

/// The TLS contexts of the TLS port: one that is correct, and one for each fault.
struct TLSContexts: Sendable {
    /// RFC 7301, as registered.
    static let protocols = ["h2", "http/1.1"]

    private let lawful: NIOSSLContext
    private let expired: NIOSSLContext
    private let wrongHost: NIOSSLContext
    private let selfSigned: NIOSSLContext
    private let oldVersion: NIOSSLContext
    private let clientCertificate: NIOSSLContext

    /// - Parameter names: the names under which clients reach this host.
    init(_ authority: ThrowawayAuthority, names: [String]) throws {
        let own = try authority.issue(names)
        lawful = try TLSContexts.context(own) { _ in }
        expired = try TLSContexts.context(authority.issue(names, from: -3, to: -1)) { _ in }
        wrongHost = try TLSContexts.context(authority.issue(["another-host.example"])) { _ in }
        selfSigned = try TLSContexts.context(ThrowawayAuthority.selfSigned(names)) { _ in }
        oldVersion = try TLSContexts.context(own) { settings in
            settings.minimumTLSVersion = .tlsv1
            settings.maximumTLSVersion = .tlsv11
        }
        let authorities = try NIOSSLCertificate.fromPEMBytes(Array(authority.pem.utf8))
        clientCertificate = try TLSContexts.context(own) { settings in
            settings.certificateVerification = .noHostnameVerification
            settings.trustRoots = .certificates(authorities)
            settings.sendCANameList = true
        }
    }

    /// The context for a connection.
    func context(for fault: ConnectionFault?) -> NIOSSLContext {
        switch fault {
        case .tlsExpired: expired
        case .tlsWrongHost: wrongHost
        case .tlsSelfSigned: selfSigned
        case .tlsOldVersion: oldVersion
        case .tlsClientCertificate: clientCertificate
        case nil, .reset, .resetAfter, .silence, .neverRead, .refuse, .tlsStall: lawful
        }
    }

    private static func context(
        _ issued: ThrowawayAuthority.Issued, _ adjust: (inout TLSConfiguration) -> Void
    ) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(issued.certificate.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(issued.key.utf8), format: .pem)
        var settings = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        settings.minimumTLSVersion = .tlsv12
        settings.applicationProtocols = protocols
        adjust(&settings)
        return try NIOSSLContext(configuration: settings)
    }
}
