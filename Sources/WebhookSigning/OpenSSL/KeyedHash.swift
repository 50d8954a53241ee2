import COpenSSL

/// HMAC (RFC 2104) under one key, for one message after another.
///
/// Holds one EVP_MAC context whose key schedule is computed once: starting again with the same key costs a third of a
/// one-shot `HMAC()`. Used by one thread at a time.
final class KeyedHash {
    /// Bytes of a hash.
    let length: Int
    private let context: OpaquePointer

    // EVP_MAC_fetch is slow and its result immutable: fetched once for the process.
    nonisolated(unsafe) private static let algorithm: OpaquePointer = {
        guard let mac = EVP_MAC_fetch(nil, "HMAC", nil) else { preconditionFailure("OpenSSL has no HMAC") }
        return mac
    }()

    /// - Parameter digest: `sha256`, `sha1` or `sha512`.
    init(key: [UInt8], digest: SignatureScheme.Algorithm) {
        guard let context = EVP_MAC_CTX_new(KeyedHash.algorithm) else {
            preconditionFailure("EVP_MAC_CTX_new: no memory")
        }
        self.context = context
        length = digest.signatureBytes
        var name = Array(digest.rawValue.uppercased().utf8CString)
        let code = name.withUnsafeMutableBufferPointer { name in
            let parameters = [
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_init(context, key, key.count, parameters)
        }
        precondition(code == 1, "EVP_MAC_init refused an HMAC key of \(key.count) bytes")
    }

    deinit { EVP_MAC_CTX_free(context) }

    /// Starts a message under the same key.
    func begin() {
        let code = EVP_MAC_init(context, nil, 0, nil)
        precondition(code == 1, "EVP_MAC_init: cannot begin again")
    }

    /// Adds bytes to the message.
    func add(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        let code = EVP_MAC_update(context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        precondition(code == 1, "EVP_MAC_update failed")
    }

    /// Ends the message: writes `length` bytes.
    func finish(into hash: UnsafeMutableRawBufferPointer) {
        var written = 0
        let code = EVP_MAC_final(context, hash.baseAddress?.assumingMemoryBound(to: UInt8.self), &written, hash.count)
        precondition(code == 1 && written == length, "EVP_MAC_final failed")
    }
}
