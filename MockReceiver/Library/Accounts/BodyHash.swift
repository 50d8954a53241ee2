/// The 64-bit hash with which a producer and this receiver check that a body arrived as it was sent.
///
/// Not cryptographic: it detects accidents, not forgery. The definition, so that any producer can compute it: `h =
/// 0x9E3779B97F4A7C15 ^ length ^ seed`; for each 8 bytes of the body as a little-endian word `w`, the last one padded
/// with zero bytes: `h = rotateLeft(h ^ w, 23) * 0xD6E8FEB86659FD93`; at the end, twice, with the constants
/// 0xBF58476D1CE4E5B9 and 0x94D049BB133111EB: `h ^= h >> 32; h *= constant`; then `h ^= h >> 32`. All arithmetic is
/// modulo 2⁶⁴. Each step is a bijection, so bodies of the same length that differ in one word never have the same hash.
public enum BodyHash {
    /// The hash of the bytes. `seed` is 0 for bodies.
    public static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var hash = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count) ^ seed
        var offset = 0
        while bytes.count - offset >= 8 {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            hash = step(hash, word)
            offset += 8
        }
        if offset < bytes.count {
            var word: UInt64 = 0
            for (index, byte) in bytes[offset...].enumerated() { word |= UInt64(byte) << UInt64(index * 8) }
            hash = step(hash, word)
        }
        return finish(hash)
    }

    /// The hash of the bytes.
    public static func of(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
        bytes.withUnsafeBytes { of($0, seed: seed) }
    }

    private static func step(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let mixed = hash ^ word
        return (mixed << 23 | mixed >> 41) &* 0xD6E8_FEB8_6659_FD93
    }

    /// Spreads every bit over the whole word.
    static func finish(_ hash: UInt64) -> UInt64 {
        var hash = (hash ^ hash >> 32) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 32) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 32
    }
}
