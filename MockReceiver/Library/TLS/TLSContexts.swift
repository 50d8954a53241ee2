import NIOConcurrencyHelpers
import NIOSSL

/// The TLS contexts of the TLS port: correct ones, and one for each fault.
///
/// A connection to an address that is not among the receiver's names (127.0.0.2, 127.0.0.3, …) gets a certificate of
/// that address alone, so that senders see separate hosts. One certificate with thousands of addresses would make every
/// handshake larger than it is anywhere else.
struct TLSContexts: Sendable {
    /// RFC 7301, as registered.
    static let protocols = ["h2", "http/1.1"]

    private let lawful: NIOSSLContext
    private let expired: NIOSSLContext
    private let wrongHost: NIOSSLContext
    private let selfSigned: NIOSSLContext
    private let oldVersion: NIOSSLContext
    private let clientCertificate: NIOSSLContext
    private let authority: ThrowawayAuthority
    private let names: Set<String>
    /// By address.
    private let ofHosts = NIOLockedValueBox<[String: NIOSSLContext]>([:])

    /// Addresses with a certificate of their own; later ones get the common certificate. Each takes some tens of KiB.
    private static let mostHosts = 16_384

    /// - Parameter names: the names under which clients reach this host.
    init(_ authority: ThrowawayAuthority, names: [String]) throws {
        self.authority = authority
        self.names = Set(names)
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
    ///
    /// - Parameter address: the receiver's address that the sender connected to.
    func context(for fault: ConnectionFault?, at address: String?) -> NIOSSLContext {
        switch fault {
        case .tlsExpired: expired
        case .tlsWrongHost: wrongHost
        case .tlsSelfSigned: selfSigned
        case .tlsOldVersion: oldVersion
        case .tlsClientCertificate: clientCertificate
        case nil, .reset, .resetAfter, .silence, .neverRead, .refuse, .tlsStall: lawful(at: address)
        }
    }

    private func lawful(at address: String?) -> NIOSSLContext {
        guard let address, address.hasPrefix("127."), !names.contains(address) else { return lawful }
        return ofHosts.withLockedValue { contexts in
            if let context = contexts[address] { return context }
            guard contexts.count < TLSContexts.mostHosts,
                let context = try? TLSContexts.context(authority.issue([address]), { _ in })
            else { return lawful }
            contexts[address] = context
            return context
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
