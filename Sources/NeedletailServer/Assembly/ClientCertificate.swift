import COpenSSL
import WebhookSigning

/// Whom a verified client certificate names. Read by libcrypto: the room's only use of it and of unsafe pointers.
package struct ClientCertificate: Equatable {
    /// `sha256:` and the hex digits of the digest of the whole certificate.
    package let fingerprint: String
    /// DNS, URI and e-mail names of the subject (RFC 5280, 4.2.1.6), then its common name.
    package let names: [String]

    /// - Parameter der: the certificate; nil where it is none.
    package init?(_ der: [UInt8]) {
        let certificate = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_X509(nil, &start, bytes.count)
        }
        guard let certificate else { return nil }
        defer { X509_free(certificate) }
        fingerprint = "sha256:" + Hexadecimal.text(SHA256Digest.of(der))
        names = ClientCertificate.alternativeNames(certificate) + ClientCertificate.commonNames(certificate)
    }

    /// Whether an entry of an API key's `client_certificates` means this one. Case does not count.
    package func answers(_ entry: String) -> Bool {
        let wanted = entry.lowercased()
        return wanted == fingerprint || names.contains { $0.lowercased() == wanted }
    }

    private static func alternativeNames(_ certificate: OpaquePointer) -> [String] {
        guard let list = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil).map(OpaquePointer.init) else {
            return []
        }
        defer { GENERAL_NAMES_free(list) }
        return (0..<OPENSSL_sk_num(list)).compactMap { index in
            guard let name = OPENSSL_sk_value(list, index)?.assumingMemoryBound(to: GENERAL_NAME.self) else {
                return nil
            }
            // The other kinds hold no string.
            guard [GEN_DNS, GEN_URI, GEN_EMAIL].contains(name.pointee.type) else { return nil }
            return text(name.pointee.d.ia5)
        }
    }

    private static func commonNames(_ certificate: OpaquePointer) -> [String] {
        let subject = X509_get_subject_name(certificate)
        let index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard index >= 0, let entry = X509_NAME_get_entry(subject, index) else { return [] }
        return text(X509_NAME_ENTRY_get_data(entry)).map { [$0] } ?? []
    }

    /// Nil for what is not text, and for text with a NUL in it, which other programs would read to the NUL only.
    private static func text(_ string: UnsafePointer<ASN1_STRING>?) -> String? {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&bytes, string)
        guard count > 0, let bytes else { return nil }
        defer { CRYPTO_free(bytes, #file, #line) }
        let text = String(validating: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
        return text?.utf8.contains(0) == true ? nil : text
    }
}
