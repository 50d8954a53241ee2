import COpenSSL
import WebhookModel
import WebhookSigning

/// The names in a verified client certificate. Read by libcrypto; only this file of the room uses it.
public struct ClientCertificate: Equatable, Sendable {
    /// `sha256:` and the hex digits of the digest of the whole certificate.
    public let fingerprint: String
    /// DNS, URI and e-mail names of the subject (RFC 5280, 4.2.1.6), then its common name.
    public let names: [String]

    /// - Parameter der: the certificate; nil where these bytes are not one.
    public init?(_ der: [UInt8]) {
        let certificate = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_X509(nil, &start, bytes.count)
        }
        guard let certificate else { return nil }
        defer { X509_free(certificate) }
        fingerprint = "sha256:" + ClientCertificate.hex(SHA256Digest.of(der))
        names = ClientCertificate.alternativeNames(certificate) + ClientCertificate.commonNames(certificate)
    }

    /// The entries of an API key's `client_certificates` that mean this certificate, in lower case.
    var entries: [String] { [fingerprint] + names.map { $0.lowercased() } }

    /// Whether an entry of an API key's `client_certificates` means this certificate. Case does not count.
    public func answers(_ entry: String) -> Bool { entries.contains(entry.lowercased()) }

    private static func hex(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [HexDigits.lower($0 >> 4), HexDigits.lower($0 & 15)] }, as: UTF8.self)
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

    /// Nil for what is not text, and for text with a NUL in it: other programs would read it only up to the NUL.
    private static func text(_ string: UnsafePointer<ASN1_STRING>?) -> String? {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&bytes, string)
        guard count > 0, let bytes else { return nil }
        defer { CRYPTO_free(bytes, #file, #line) }
        let text = String(validating: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
        return text?.utf8.contains(0) == true ? nil : text
    }
}
