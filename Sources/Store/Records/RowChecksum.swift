import CLinux
import LMDB

/// The checksum of a row: CRC32C of its key and then of its value, in the value's last four bytes.
///
/// The key is part of it, so that a row under a key with a flipped bit does not pass for another delivery's.
enum RowChecksum {
    static let bytes = 4

    /// Fills the last four bytes of a value whose other bytes are filled.
    static func write(_ key: Key, to value: UnsafeMutableRawBufferPointer) {
        let end = value.count - bytes
        let sum = key.withBytes { RowChecksum.of($0, UnsafeRawBufferPointer(rebasing: value[..<end])) }
        value.store(sum, at: end)
    }

    /// Whether the last four bytes of a value are right for the key and the others.
    static func isRight(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        let end = value.count - bytes
        guard end >= 0 else { return false }
        return value.uint32(at: end) == RowChecksum.of(key, UnsafeRawBufferPointer(rebasing: value[..<end]))
    }

    private static func of(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> UInt32 {
        clinux_crc32c(clinux_crc32c(0, key.baseAddress, key.count), value.baseAddress, value.count)
    }
}
