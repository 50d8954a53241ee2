import MockReceiver
import Testing

@Suite struct BodyHashTests {
    /// The documented definition, word by word, on ordinary numbers.
    private func reference(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
        var hash = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count) ^ seed
        for start in stride(from: 0, to: bytes.count, by: 8) {
            var word: UInt64 = 0
            for index in start..<min(start + 8, bytes.count) {
                word += UInt64(bytes[index]) << UInt64(8 * (index - start))
            }
            hash ^= word
            hash = ((hash << 23) | (hash >> 41)) &* 0xD6E8_FEB8_6659_FD93
        }
        for constant in [0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB] as [UInt64] {
            hash ^= hash >> 32
            hash = hash &* constant
        }
        return hash ^ (hash >> 32)
    }

    @Test func theHashIsAsDocumented() {
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
            #expect(BodyHash.of(bytes) == reference(bytes))
            #expect(BodyHash.of(bytes, seed: 5) == reference(bytes, seed: 5))
        }
    }

    @Test func everyByteAndTheLengthChangeTheHash() {
        let bytes = [UInt8](repeating: 0, count: 512)
        var hashes: Set<UInt64> = [BodyHash.of(bytes)]
        for index in bytes.indices {
            var changed = bytes
            changed[index] = 1
            hashes.insert(BodyHash.of(changed))
            hashes.insert(BodyHash.of([UInt8](repeating: 0, count: index)))
        }
        #expect(hashes.count == 1 + 512 + 512)
    }
}
