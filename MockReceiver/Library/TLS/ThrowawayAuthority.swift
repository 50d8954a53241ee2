import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate authority that exists as long as the receiver. Nothing of it is stored except what a user asks for.
///
/// Keys are P-256; certificates are valid for thirty days, so that a receiver can run for a while.
struct ThrowawayAuthority: Sendable {
    /// A certificate and its private key, both PEM.
    struct Issued: Sendable {
        let certificate: String
        let key: String
    }

    private let key: Certificate.PrivateKey
    private let certificate: Certificate
    /// The authority's own certificate (PEM): what senders must trust.
    let pem: String

    private static let days = 30.0

    init() throws {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let publicKey = key.publicKey
        certificate = try ThrowawayAuthority.make(
            "mock-receiver throw-away CA", publicKey, issuer: nil, signer: key, from: -1, to: ThrowawayAuthority.days
        ) {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            SubjectKeyIdentifier(hash: publicKey)
        }
        pem = try certificate.file
    }

    /// An authority that was made before.
    ///
    /// - Throws: the texts are not a certificate and its key.
    init(certificate: String, key: String) throws {
        self.key = try Certificate.PrivateKey(pemEncoded: key)
        self.certificate = try Certificate(pemEncoded: certificate)
        guard self.key.publicKey == self.certificate.publicKey else { throw AuthorityMismatch() }
        pem = certificate
    }

    /// The configured authority, or a new one.
    init(of configuration: ReceiverConfiguration) throws {
        guard let given = configuration.tlsAuthority else {
            self = try ThrowawayAuthority()
            return
        }
        self = try ThrowawayAuthority(certificate: given.certificate, key: given.key)
    }

    /// Its private key (PEM).
    var keyPEM: String { get throws { try key.file } }

    /// What a certificate is for.
    enum Role: Sendable {
        case server
        case client
    }

    /// Issues a certificate with a new key.
    ///
    /// - Parameters:
    ///   - names: DNS names, and IPv4 and IPv6 addresses as text; the first is the subject's common name.
    ///   - from, to: its validity in days from now.
    func issue(_ names: [String], for role: Role = .server, from: Double = -1, to: Double = days) throws -> Issued {
        let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let issued = try ThrowawayAuthority.leaf(
            names, own.publicKey, role, issuer: certificate.subject, signer: key, from: from, to: to)
        return Issued(certificate: try issued.file, key: try own.file)
    }

    /// A certificate that is signed by its own key only.
    static func selfSigned(_ names: [String]) throws -> Issued {
        let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let issued = try leaf(names, own.publicKey, .server, issuer: nil, signer: own, from: -1, to: days)
        return Issued(certificate: try issued.file, key: try own.file)
    }

    private static func leaf(
        _ names: [String], _ publicKey: Certificate.PublicKey, _ role: Role, issuer: DistinguishedName?,
        signer: Certificate.PrivateKey, from: Double, to: Double
    ) throws -> Certificate {
        try make(names.first ?? "localhost", publicKey, issuer: issuer, signer: signer, from: from, to: to) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([role == .server ? .serverAuth : .clientAuth])
            SubjectAlternativeNames(names.map(generalName))
            // Strict verifiers (RFC 5280 section 4.2.1) require both.
            SubjectKeyIdentifier(hash: publicKey)
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: signer.publicKey).keyIdentifier)
        }
    }

    private static func make(
        _ subject: String, _ publicKey: Certificate.PublicKey, issuer: DistinguishedName?,
        signer: Certificate.PrivateKey,
        from: Double, to: Double, @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> Certificate {
        let name = try DistinguishedName { CommonName(subject) }
        let now = Date()
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: now.addingTimeInterval(from * 86_400), notValidAfter: now.addingTimeInterval(to * 86_400),
            issuer: issuer ?? name, subject: name, extensions: try Certificate.Extensions(builder: extensions),
            issuerPrivateKey: signer)
    }

    private static func generalName(_ name: String) -> GeneralName {
        guard let address = IPAddressBytes.of(name) else { return .dnsName(name) }
        return .ipAddress(ASN1OctetString(contentBytes: address[...]))
    }
}

/// The key of an authority does not belong to its certificate.
struct AuthorityMismatch: Error, CustomStringConvertible {
    let description = "the key does not belong to the certificate"
}

// PEM as in a file: with a final line end, so that files can be joined.
extension Certificate {
    fileprivate var file: String { get throws { try serializeAsPEM().pemString + "\n" } }
}

extension Certificate.PrivateKey {
    fileprivate var file: String { get throws { try serializeAsPEM().pemString + "\n" } }
}
