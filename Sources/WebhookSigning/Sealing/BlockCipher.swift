import COpenSSL

/// AES-128 (FIPS 197) on single blocks: a keyed permutation of 16 bytes. For identifiers, which must be short, stable
/// and telling nothing; not for texts, whose equal blocks it would show.
package enum BlockCipher {
    /// Of a block, and of a key.
    package static let bytes = 16

    package static func seal(_ block: [UInt8], key: [UInt8]) -> [UInt8] { run(block, key, encrypts: 1) }

    package static func open(_ block: [UInt8], key: [UInt8]) -> [UInt8] { run(block, key, encrypts: 0) }

    private static func run(_ block: [UInt8], _ key: [UInt8], encrypts: CInt) -> [UInt8] {
        precondition(block.count == bytes && key.count == bytes, "AES-128 takes 16 bytes of each")
        guard let cipher = EVP_CIPHER_CTX_new() else { preconditionFailure("EVP_CIPHER_CTX_new: no memory") }
        defer { EVP_CIPHER_CTX_free(cipher) }
        // Room for one block more: EVP_CipherUpdate(3) may write so much.
        var result = [UInt8](repeating: 0, count: 2 * bytes)
        var length: CInt = 0
        let isDone =
            EVP_CipherInit_ex2(cipher, EVP_aes_128_ecb(), key, nil, encrypts, nil) == 1
            && EVP_CIPHER_CTX_set_padding(cipher, 0) == 1
            && EVP_CipherUpdate(cipher, &result, &length, block, CInt(bytes)) == 1
        precondition(isDone && Int(length) == bytes, "AES-128 failed")
        return Array(result[..<bytes])
    }
}
