import COpenSSL
import WebhookModel

/// An Ed25519 key (RFC 8032 section 5.1): a pair that signs and verifies, or a public half that verifies.
///
/// Ed25519 reads a message twice, so its parts are collected in the key's own buffer. Used by one thread at a time.
final class Ed25519Key {
    /// Bytes of a seed, of a public key, and of a signature.
    static let seedBytes = 32
    static let publicBytes = 32
    static let signatureBytes = 64

    private let key: OpaquePointer
    private let context: OpaquePointer
    private var message: [UInt8] = []

    /// - Parameter bytes: seed and public key, or a public key alone, as `SigningSecret` checked them.
    init(_ bytes: [UInt8]) {
        let made =
            bytes.count == Ed25519Key.publicBytes
            ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, Ed25519Key.publicBytes)
            : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, Ed25519Key.seedBytes)
        guard let made else { preconditionFailure("OpenSSL refused an Ed25519 key of \(bytes.count) bytes") }
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("EVP_MD_CTX_new: no memory") }
        key = made
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_PKEY_free(key)
    }

    func begin() {
        if message.capacity > Limits.keptSigningBytes { message = [] }
        message.removeAll(keepingCapacity: true)
    }

    func add(_ bytes: UnsafeRawBufferPointer) { message.append(contentsOf: bytes) }

    /// Ends the message: writes 64 bytes. The key must be a pair.
    func finish(into signature: UnsafeMutableRawBufferPointer) {
        var written = signature.count
        let ready = EVP_DigestSignInit(context, nil, nil, nil, key)
        let code = EVP_DigestSign(
            context, signature.baseAddress?.assumingMemoryBound(to: UInt8.self), &written, message, message.count)
        precondition(ready == 1 && code == 1 && written == Ed25519Key.signatureBytes, "Ed25519 could not sign")
        EVP_MD_CTX_reset(context)
    }

    /// Ends the message: whether the 64 bytes are its signature.
    func isSignature(_ signature: UnsafeRawBufferPointer) -> Bool {
        let ready = EVP_DigestVerifyInit(context, nil, nil, nil, key)
        precondition(ready == 1, "EVP_DigestVerifyInit failed")
        let code = EVP_DigestVerify(
            context, signature.baseAddress?.assumingMemoryBound(to: UInt8.self), signature.count, message, message.count
        )
        EVP_MD_CTX_reset(context)
        // A wrong signature leaves a line in the thread's error queue.
        ERR_clear_error()
        return code == 1
    }

    /// The public half of a seed.
    static func publicKey(seed: [UInt8]) -> [UInt8] {
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
            preconditionFailure("OpenSSL refused an Ed25519 seed of \(seed.count) bytes")
        }
        defer { EVP_PKEY_free(key) }
        return [UInt8](unsafeUninitializedCapacity: publicBytes) { bytes, count in
            var written = publicBytes
            let code = EVP_PKEY_get_raw_public_key(key, bytes.baseAddress, &written)
            precondition(code == 1 && written == publicBytes, "EVP_PKEY_get_raw_public_key failed")
            count = written
        }
    }
}
