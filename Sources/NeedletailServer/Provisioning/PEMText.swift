import COpenSSL

/// Certificates and keys in PEM files, read by libcrypto and written anew: what is kept holds nothing else that stood in the file.
///
/// Every call frees what it took; nothing of libcrypto's leaves a function. A passphrase is never asked for: libcrypto would turn to the
/// terminal.
enum PEMText {
    enum Mistake: Error {
        case noCertificate, badCertificate, noKey, keyOfAnother

        var words: String {
            switch self {
            case .noCertificate: "holds no certificate (PEM, -----BEGIN CERTIFICATE-----)"
            case .badCertificate: "holds a certificate that cannot be read"
            case .noKey: "holds no private key that can be read (PEM, without a passphrase)"
            case .keyOfAnother: "is not the key of the certificate"
            }
        }
    }

    /// The certificates of a text, in its order.
    static func certificates(_ text: String) throws(Mistake) -> String {
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
        // The end of the text shows as "no start line".
        guard ERR_GET_REASON(problem) == PEM_R_NO_START_LINE else { throw .badCertificate }
        guard count > 0 else { throw .noCertificate }
        return written(output)
    }

    /// The private key of a text, which must be that of the first certificate.
    static func key(_ text: String, of certificates: String) throws(Mistake) -> String {
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
