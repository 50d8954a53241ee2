/// A gzip stream (RFC 1952) of zeros, a thousandth of its size when unpacked.
enum GzipBomb {
    /// The most unpacked mebibytes: the stream itself is then 1 MiB.
    static let mostMebibytes = 1_024

    static func bytes(mebibytes: Int) -> [UInt8] {
        let size = min(max(1, mebibytes), mostMebibytes) << 20
        // ID, deflate, no flags, no time, no extra flags, unknown system.
        var stream: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var bits = BitWriter()
        deflate(size, &bits)
        stream += bits.bytes
        for word in [CRC32OfZeros.value(size), UInt32(truncatingIfNeeded: size)] {
            for shift in stride(from: 0 as UInt32, to: 32, by: 8) {
                stream.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return stream
    }

    /// One block with its own Huffman codes (RFC 1951 section 3.2.7): a match of 258 bytes takes two bits.
    ///
    /// Literal codes, by length and then by symbol: match of 258 = `0`, a zero byte = `10`, end of block = `11`. The
    /// only distance: `0`.
    private static func deflate(_ size: Int, _ bits: inout BitWriter) {
        bits.put(1, count: 1)
        bits.put(2, count: 2)
        bits.put(29, count: 5)  // 286 literal codes
        bits.put(0, count: 5)  // 1 distance code
        bits.put(14, count: 4)  // 18 code length codes
        // In the order of the RFC (16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1): 18 and 2 and 1 get two bits, 0 is not used.
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            bits.put([1, 2, 18, 0].contains(symbol) ? 2 : 0, count: 3)
        }
        // Codes in order of symbol: 0 = 00, 1 = 01, 2 = 10, 18 = 11; the first bit of a Huffman code is written first.
        let one = 0b10
        let two = 0b01
        let manyZeros = 0b11
        bits.put(two, count: 2)  // symbol 0
        bits.put(manyZeros, count: 2)
        bits.put(138 - 11, count: 7)
        bits.put(manyZeros, count: 2)
        bits.put(117 - 11, count: 7)  // symbols 1 to 255
        bits.put(two, count: 2)  // 256
        bits.put(manyZeros, count: 2)
        bits.put(28 - 11, count: 7)  // 257 to 284
        bits.put(one, count: 2)  // 285
        bits.put(one, count: 2)  // distance 0
        // A first literal; then matches; the rest as literals.
        let matches = (size - 1) / 258
        bits.put(0b01, count: 2)
        for _ in 0..<matches { bits.put(0, count: 2) }
        for _ in 0..<(size - 1 - matches * 258) { bits.put(0b01, count: 2) }
        bits.put(0b11, count: 2)
    }
}

/// Bits packed from the lowest bit of each byte (RFC 1951 section 3.1.1).
private struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var used = 8

    mutating func put(_ value: Int, count: Int) {
        for bit in 0..<count {
            if used == 8 {
                bytes.append(0)
                used = 0
            }
            bytes[bytes.count - 1] |= UInt8(value >> bit & 1) << UInt8(used)
            used += 1
        }
    }
}

/// CRC-32 (RFC 1952 section 8) of a number of zero bytes, by squaring the step of one byte: a gigabyte costs as much as
/// thirty bytes.
private enum CRC32OfZeros {
    static func value(_ count: Int) -> UInt32 {
        var operation = (0..<32).map { step(1 << UInt32($0)) }
        var register = UInt32.max
        var left = count
        while left > 0 {
            if left & 1 == 1 { register = apply(operation, register) }
            operation = operation.map { apply(operation, $0) }
            left >>= 1
        }
        return ~register
    }

    /// The register after one zero byte.
    private static func step(_ register: UInt32) -> UInt32 {
        (0..<8).reduce(register) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    /// Applies the operation, which is linear over single bits, to the register.
    private static func apply(_ operation: [UInt32], _ register: UInt32) -> UInt32 {
        (0..<32).reduce(0) { sum, bit in register >> UInt32(bit) & 1 == 1 ? sum ^ operation[bit] : sum }
    }
}
