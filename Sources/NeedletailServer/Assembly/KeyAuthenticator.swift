package import Ingest
package import WebhookModel
import WebhookSigning

/// Finds the API key that a HELLO means.
package struct KeyAuthenticator: Sendable {
    let directory: @Sendable () -> TenantDirectory

    package init(_ directory: @escaping @Sendable () -> TenantDirectory) { self.directory = directory }

    /// - Parameters:
    ///   - key: as it came; empty: the certificate is to tell.
    ///   - certificate: the client's, verified in the TLS handshake (DER).
    package func authenticate(_ key: UnsafeRawBufferPointer, _ certificate: [UInt8]?) -> Authentication? {
        if !key.isEmpty { return byDigest(SHA256Digest.of(key)) }
        return certificate.flatMap(ClientCertificate.init).flatMap(byCertificate)
    }

    // Every key is compared, so that time tells nothing about which one was near.
    private func byDigest(_ digest: [UInt8]) -> Authentication? {
        var found: APIKey?
        for candidate in directory().keys where ConstantTime.equal(candidate.settings.digest, digest) {
            found = candidate
        }
        return found.map { Authentication(key: $0) }
    }

    // A certificate is no secret: here time may tell. Of two keys the first by name counts, at every look alike.
    private func byCertificate(_ certificate: ClientCertificate) -> Authentication? {
        let matches = directory().keys.compactMap { key in
            key.settings.clientCertificates.first(where: certificate.answers).map {
                Authentication(key: key, certificateName: $0)
            }
        }
        return matches.min { $0.key.name < $1.key.name }
    }
}
