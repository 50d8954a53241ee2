/// The bytes allowed in tenant names and event types: `[A-Za-z0-9_.-]`.
enum NameForm {
    // One bit for each byte below 64, and one for each byte from 64 to 127.
    private static let low: UInt64 = 0x03FF_6000_0000_0000
    private static let high: UInt64 = 0x07FF_FFFE_87FF_FFFE

    @inline(__always)
    static func contains(_ byte: UInt8) -> Bool {
        let word = byte < 0x40 ? low : byte < 0x80 ? high : 0
        return word >> UInt64(byte & 0x3F) & 1 == 1
    }

    /// Whether there is at least one byte and all bytes are allowed.
    @inline(__always)
    static func isName(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var isName = !bytes.isEmpty
        for byte in bytes { isName = contains(byte) && isName }
        return isName
    }
}

/// Well-formed UTF-8 (Unicode 15, table 3-7), fast for ASCII.
public enum UTF8Check {
    public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        isASCII(bytes) || String(validating: bytes, as: UTF8.self) != nil
    }

    /// Checks eight bytes at a time: no ASCII byte has its highest bit set.
    private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while bytes.count - offset >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard word & 0x8080_8080_8080_8080 == 0 else { return false }
            offset += 8
        }
        return bytes[offset...].allSatisfy { $0 < 0x80 }
    }
}
