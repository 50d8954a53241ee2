import CLinux

/// CRC32C (Castagnoli, reflected; RFC 3720, appendix B.4), which protects a frame's header and its body.
public enum Checksum {
    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        // An empty buffer may have no address.
        guard let base = bytes.baseAddress else { return 0 }
        return clinux_crc32c(0, base, bytes.count)
    }
}
