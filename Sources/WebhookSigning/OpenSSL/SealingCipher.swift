import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) of whole byte strings.
package enum SealingCipher {
    package static let keyBytes = 32
    package static let nonceBytes = 12
    package static let tagBytes = 16

    /// The ciphertext, as long as the plaintext, and the tag.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes, never used twice under one key.
    ///   - context: authenticated but not encrypted; the same bytes must be passed to `open`.
    package static func seal(_ plain: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]) -> [UInt8] {
        precondition(key.count == keyBytes && nonce.count == nonceBytes, "AES-256-GCM takes 32 and 12 bytes")
        return withCipher { cipher in
            var length: CInt = 0
            var sealed = [UInt8](repeating: 0, count: plain.count + tagBytes)
            var code = EVP_EncryptInit_ex2(cipher, EVP_aes_256_gcm(), key, nonce, nil)
            precondition(code == 1, "AES-256-GCM could not start")
            code = EVP_EncryptUpdate(cipher, nil, &length, context, CInt(context.count))
            precondition(code == 1, "AES-256-GCM refused its context")
            code = EVP_EncryptUpdate(cipher, &sealed, &length, plain, CInt(plain.count))
            precondition(code == 1 && Int(length) == plain.count, "AES-256-GCM could not seal")
            code = sealed.withUnsafeMutableBufferPointer { sealed in
                let tag = sealed.baseAddress! + plain.count
                guard EVP_EncryptFinal_ex(cipher, tag, &length) == 1 else { return 0 }
                return EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, CInt(tagBytes), tag)
            }
            precondition(code == 1, "AES-256-GCM gave no tag")
            return sealed
        }
    }

    /// The plaintext; nil: ciphertext, tag, key, nonce or context differs from what was sealed.
    package static func open(_ sealed: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard key.count == keyBytes, nonce.count == nonceBytes, sealed.count >= tagBytes else { return nil }
        return withCipher { cipher in
            var length: CInt = 0
            let count = sealed.count - tagBytes
            var plain = [UInt8](repeating: 0, count: count + tagBytes)
            var tag = Array(sealed[count...])
            guard EVP_DecryptInit_ex2(cipher, EVP_aes_256_gcm(), key, nonce, nil) == 1,
                EVP_DecryptUpdate(cipher, nil, &length, context, CInt(context.count)) == 1,
                EVP_DecryptUpdate(cipher, &plain, &length, sealed, CInt(count)) == 1, Int(length) == count,
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, CInt(tagBytes), &tag) == 1
            else { return nil }
            var rest = [UInt8](repeating: 0, count: tagBytes)
            let isWhole = EVP_DecryptFinal_ex(cipher, &rest, &length) == 1
            ERR_clear_error()
            return isWhole ? Array(plain[..<count]) : nil
        }
    }

    private static func withCipher<Result>(_ use: (OpaquePointer) -> Result) -> Result {
        guard let cipher = EVP_CIPHER_CTX_new() else { preconditionFailure("EVP_CIPHER_CTX_new: no memory") }
        defer { EVP_CIPHER_CTX_free(cipher) }
        return use(cipher)
    }
}
