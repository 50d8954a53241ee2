// This folder is the room's only use of OpenSSL (libcrypto 3.0). Lengths are checked here or stated as preconditions.
import COpenSSL

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
    /// Whether both are the same bytes. Different lengths are detected at once: they are no secret.
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
    /// New unpredictable bytes. If the generator cannot be seeded, the process stops: nothing may be signed with less.
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

    /// Writes the text and a NUL. Returns the text's length.
    static func write(_ bytes: UnsafeRawBufferPointer, into text: UnsafeMutableRawBufferPointer) -> Int {
        precondition(text.count > (bytes.count + 2) / 3 * 4, "base64 and its NUL have no room")
        return Int(
            EVP_EncodeBlock(
                text.baseAddress?.assumingMemoryBound(to: UInt8.self),
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                CInt(bytes.count)))
    }

    /// nil for anything except whole, padded groups of the alphabet. (EVP_DecodeBlock itself accepts spaces.)
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
