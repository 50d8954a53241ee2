// The room's only use of OpenSSL (libcrypto 3.0) and of unsafe pointers. Lengths are checked here or stated as preconditions.
import COpenSSL

/// HMAC-SHA256 (RFC 2104, RFC 4231) under one key, ready for message after message.
///
/// Holds one EVP_MAC context whose key schedule is computed once: beginning again with the same key costs a third of a one-shot
/// `HMAC()`. One thread at a time.
final class KeyedHash {
    /// Bytes of a hash, and of its base64 form.
    static let length = 32
    static let base64Length = 44


    private let context: OpaquePointer
    /// The latest hash's base64 form.
    private let text: UnsafeMutablePointer<UInt8>

    // EVP_MAC_fetch is slow and its result immutable: fetched once for the process.
    nonisolated(unsafe) private static let algorithm: OpaquePointer = {
        guard let mac = EVP_MAC_fetch(nil, "HMAC", nil) else { preconditionFailure("OpenSSL has no HMAC") }
        return mac
    }()

    init(key: [UInt8]) {
        guard let context = EVP_MAC_CTX_new(KeyedHash.algorithm) else { preconditionFailure("EVP_MAC_CTX_new: no memory") }
        self.context = context
        text = .allocate(capacity: KeyedHash.base64Length + 1)
        text.initialize(repeating: 0, count: KeyedHash.base64Length + 1)
        var digest = Array("SHA256".utf8CString)
        let code = digest.withUnsafeMutableBufferPointer { digest in
            let parameters = [
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_init(context, key, key.count, parameters)
        }
        precondition(code == 1, "EVP_MAC_init refused an HMAC-SHA256 key of \(key.count) bytes")
    }

    deinit {
        EVP_MAC_CTX_free(context)
        text.deallocate()
    }

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

    /// Adds one byte to the message.
    func add(_ byte: UInt8) {
        withUnsafeBytes(of: byte) { add($0) }
    }

    /// Ends the message. The 44 bytes of base64 stay valid until the next `finish`.
    func finish() -> UnsafeRawBufferPointer {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: KeyedHash.length) { hash in
            var written = 0
            let code = EVP_MAC_final(context, hash.baseAddress, &written, hash.count)
            precondition(code == 1 && written == KeyedHash.length, "EVP_MAC_final failed")
            EVP_EncodeBlock(text, hash.baseAddress, CInt(hash.count))
        }
        return UnsafeRawBufferPointer(start: text, count: KeyedHash.base64Length)
    }
}

/// SHA-256 (FIPS 180-4) of whole byte strings.
public enum SHA256Digest {
    /// The 32 bytes of the digest.
    public static func of(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let message = Array(bytes)
        return [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
            _ = SHA256(message, message.count, digest.baseAddress)
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }
}

/// Comparison whose time depends on the length only, never on where the bytes differ.
public enum ConstantTime {
    /// Whether both are the same bytes. Unlike lengths are told at once: they are no secret.
    public static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let one = left.baseAddress, let other = right.baseAddress else { return true }
        return CRYPTO_memcmp(one, other, left.count) == 0
    }

    /// Whether both are the same bytes.
    public static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBytes { left in right.withUnsafeBytes { equal(left, $0) } }
    }
}

/// The system's cryptographic generator (RAND_bytes(3)).
public enum SecureRandom {
    /// Fresh unpredictable bytes. A generator that cannot be seeded stops the process: nothing may be signed with less.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            guard count > 0 else { return }
            let code = RAND_bytes(buffer.baseAddress, CInt(count))
            precondition(code == 1, "RAND_bytes: the system's random generator failed")
            written = count
        }
    }
}

/// Base64 with the standard alphabet and padding (RFC 4648 section 4).
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        // EVP_EncodeBlock adds a NUL.
        let text = [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4 + 1) { text, count in
            count = Int(EVP_EncodeBlock(text.baseAddress, bytes, CInt(bytes.count)))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for anything but whole, padded groups of the alphabet: EVP_DecodeBlock itself forgives spaces.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        let padding = digits.suffix(2).count { $0 == UInt8(ascii: "=") }
        guard digits.dropLast(padding).allSatisfy(isDigit) else { return nil }
        var bytes = [UInt8](unsafeUninitializedCapacity: digits.count / 4 * 3 + 1) { bytes, count in
            count = max(0, Int(EVP_DecodeBlock(bytes.baseAddress, digits, CInt(digits.count))))
        }
        guard bytes.count == digits.count / 4 * 3 else { return nil }
        bytes.removeLast(padding)
        return bytes
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2B, 0x2F: true
        default: false
        }
    }
}
