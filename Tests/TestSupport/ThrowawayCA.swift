import COpenSSL
import Glibc

/// A certificate authority that lives as long as a test: it signs EC P-256 certificates into files of its directory.
///
/// Every call may come from any thread: nothing changes after `init`, and libcrypto locks what it shares.
package final class ThrowawayCA: @unchecked Sendable {
    /// A certificate and its private key, as files (PEM).
    package struct Issued: Sendable {
        package let certificateFile: String
        /// Mode 0600.
        package let keyFile: String
        /// SHA-256 of the certificate's DER form: 64 lower-case hex digits.
        package let fingerprint: String
        /// `sha256//` and the base64 of the SHA-256 of the public key's DER form, as curl pins keys.
        package let pin: String
    }

    private let directory: String
    private let key: OpaquePointer
    private let certificate: OpaquePointer
    /// The authority's own certificate (PEM): what a peer must trust.
    package let certificateFile: String

    /// - Parameter directory: exists; the files go with it.
    package init(directory: String, name: String = "Throw-away CA") {
        self.directory = directory
        key = ThrowawayCA.makeKey()
        certificate = ThrowawayCA.makeCertificate(
            subject: name, key: key, issuer: nil, signingKey: key, validDays: 1,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ])
        certificateFile = "\(directory)/ca-\(ThrowawayCA.randomHex()).pem"
        ThrowawayCA.write(certificateFile, mode: 0o644) { PEM_write_bio_X509($0, certificate) }
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    /// Issues a certificate with a fresh key.
    ///
    /// - Parameters:
    ///   - commonName: the subject's only part.
    ///   - dnsNames, ipAddresses: subject alternative names.
    ///   - isClient: for client authentication; otherwise for a server.
    ///   - validDays: from an hour ago; 0 or less: expired so many days ago.
    package func issue(
        commonName: String, dnsNames: [String] = [], ipAddresses: [String] = [], isClient: Bool = false,
        validDays: Int = 1
    ) -> Issued {
        let names = dnsNames.map { "DNS:\($0)" } + ipAddresses.map { "IP:\($0)" }
        var extensions: [(Int32, String)] = [
            (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, isClient ? "clientAuth" : "serverAuth"),
        ]
        if !names.isEmpty { extensions.append((NID_subject_alt_name, names.joined(separator: ","))) }
        let ownKey = ThrowawayCA.makeKey()
        let issued = ThrowawayCA.makeCertificate(
            subject: commonName, key: ownKey, issuer: certificate, signingKey: key, validDays: validDays,
            extensions: extensions)
        defer {
            X509_free(issued)
            EVP_PKEY_free(ownKey)
        }
        let stem = "\(directory)/leaf-\(ThrowawayCA.randomHex())"
        ThrowawayCA.write(stem + ".pem", mode: 0o644) { PEM_write_bio_X509($0, issued) }
        ThrowawayCA.write(stem + ".key", mode: 0o600) { PEM_write_bio_PrivateKey($0, ownKey, nil, nil, 0, nil, nil) }
        return Issued(
            certificateFile: stem + ".pem", keyFile: stem + ".key", fingerprint: ThrowawayCA.fingerprint(issued),
            pin: ThrowawayCA.pin(ownKey))
    }

    // MARK: libcrypto

    private static func makeKey() -> OpaquePointer {
        let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        let made =
            EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_group_name(context, "P-256") == 1
            && EVP_PKEY_generate(context, &key) == 1
        precondition(made, "libcrypto makes no EC key")
        return key!
    }

    private static func makeCertificate(
        subject: String, key: OpaquePointer, issuer: OpaquePointer?, signingKey: OpaquePointer, validDays: Int,
        extensions: [(Int32, String)]
    ) -> OpaquePointer {
        let certificate = X509_new()!
        X509_set_version(certificate, Int(X509_VERSION_3))
        let serial = BN_new()
        BN_rand(serial, 64, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY)
        BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate))
        BN_free(serial)
        // An expired certificate began a day before its end.
        X509_time_adj_ex(X509_getm_notBefore(certificate), Int32(min(validDays - 1, 0)), -3_600, nil)
        X509_time_adj_ex(X509_getm_notAfter(certificate), Int32(validDays), validDays > 0 ? 0 : -60, nil)
        X509_set_pubkey(certificate, key)
        let name = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, subject, Int32(subject.utf8.count), -1, 0)
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer ?? certificate))
        for (kind, text) in extensions { add(kind, text, to: certificate, issuer: issuer ?? certificate) }
        precondition(X509_sign(certificate, signingKey, EVP_sha256()) > 0, "libcrypto does not sign")
        return certificate
    }

    private static func add(_ kind: Int32, _ text: String, to certificate: OpaquePointer, issuer: OpaquePointer) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
        guard let made = X509V3_EXT_conf_nid(nil, &context, kind, text) else {
            preconditionFailure("no such certificate extension: \(text)")
        }
        X509_add_ext(certificate, made, -1)
        X509_EXTENSION_free(made)
    }

    private static func fingerprint(_ certificate: OpaquePointer) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        X509_digest(certificate, EVP_sha256(), &bytes, &count)
        return hex(bytes.prefix(Int(count)))
    }

    private static func pin(_ key: OpaquePointer) -> String {
        var der: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key, &der)
        defer { CRYPTO_free(der, #file, #line) }
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(der, Int(count), &digest)
        var text = [UInt8](repeating: 0, count: 45)
        EVP_EncodeBlock(&text, digest, 32)
        return "sha256//" + String(decoding: text.prefix(44), as: UTF8.self)
    }

    // MARK: Files

    private static func write(_ path: String, mode: mode_t, _ body: (OpaquePointer?) -> Int32) {
        let file = BIO_new_file(path, "w")
        precondition(file != nil && chmod(path, mode) == 0 && body(file) == 1, "cannot write \(path)")
        BIO_free(file)
    }

    private static func randomHex() -> String {
        var bytes = [UInt8](repeating: 0, count: 6)
        RAND_bytes(&bytes, 6)
        return hex(bytes)
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
