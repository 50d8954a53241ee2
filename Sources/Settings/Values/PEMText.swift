import COpenSSL

/// Certificates and keys in PEM texts, parsed by libcrypto and written again, so that nothing else in the text is kept.
///
/// Unsafe pointers: the objects of libcrypto. Each function frees what it allocates, and none of them leaves it. A
/// passphrase is never asked for, because libcrypto would read it from the terminal.
package enum PEMText {
    package enum Mistake: Error {
        case noCertificate, badCertificate, noKey, keyOfAnother

        package var words: String {
            switch self {
            case .noCertificate: "contains no certificate (PEM, -----BEGIN CERTIFICATE-----)"
            case .badCertificate: "contains a certificate that cannot be parsed"
            case .noKey: "contains no private key that can be parsed (PEM, without a passphrase)"
            case .keyOfAnother: "contains a key that does not belong to the certificate"
            }
        }
    }

    /// The certificates of a text, in the same order.
    package static func certificates(_ text: String) throws(Mistake) -> String {
        let input = reader(text)
        let output = BIO_new(BIO_s_mem())
        defer {
            BIO_free(input)
            BIO_free(output)
        }
        var count = 0
        while let certificate = PEM_read_bio_X509(input, nil, { _, _, _, _ in -1 }, nil) {
            defer { X509_free(certificate) }
            guard PEM_write_bio_X509(output, certificate) == 1 else { throw .badCertificate }
            count += 1
        }
        let problem = ERR_peek_last_error()
        ERR_clear_error()
        // libcrypto reports the end of the text as "no start line".
        guard ERR_GET_REASON(problem) == PEM_R_NO_START_LINE else { throw .badCertificate }
        guard count > 0 else { throw .noCertificate }
        return written(output)
    }

    /// The private key of a text, which must be that of the first certificate.
    package static func key(_ text: String, of certificates: String) throws(Mistake) -> String {
        let input = reader(text)
        let output = BIO_new(BIO_s_mem())
        let certificateInput = reader(certificates)
        defer {
            for bio in [input, output, certificateInput] { BIO_free(bio) }
            ERR_clear_error()
        }
        guard let key = PEM_read_bio_PrivateKey(input, nil, { _, _, _, _ in -1 }, nil) else { throw .noKey }
        defer { EVP_PKEY_free(key) }
        guard let certificate = PEM_read_bio_X509(certificateInput, nil, { _, _, _, _ in -1 }, nil) else {
            throw .badCertificate
        }
        defer { X509_free(certificate) }
        guard X509_check_private_key(certificate, key) == 1 else { throw .keyOfAnother }
        guard PEM_write_bio_PrivateKey(output, key, nil, nil, 0, nil, nil) == 1 else { throw .noKey }
        return written(output)
    }

    private static func reader(_ text: String) -> OpaquePointer? {
        let bio = BIO_new(BIO_s_mem())
        let bytes = Array(text.utf8)
        BIO_write(bio, bytes, Int32(bytes.count))
        return bio
    }

    private static func written(_ bio: OpaquePointer?) -> String {
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(bio))
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(Int(max(0, count))), as: UTF8.self)
    }
}
