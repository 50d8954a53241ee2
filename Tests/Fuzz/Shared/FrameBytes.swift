import CLinux

/// Frames as plain bytes, written and read without the code under test: by table and by hand.
enum FrameBytes {
    static let headerBytes = 24

    static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ width: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in offset..<offset + width { value = value << 8 | UInt64(bytes[index]) }
        return value
    }

    private static func put(_ value: UInt64, _ width: Int, at offset: Int, in bytes: UnsafeMutableRawBufferPointer) {
        for index in 0..<width {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - index)))
        }
    }

    /// By table, not by the instruction that the server uses.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        bytes.isEmpty ? 0 : clinux_crc32c_portable(0, bytes.baseAddress, bytes.count)
    }

    /// Whether a whole frame begins at this offset whose two checksums are right.
    static func isIntact(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard bytes.count - offset >= headerBytes else { return false }
        let header = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + headerBytes])
        guard UInt64(checksum(UnsafeRawBufferPointer(rebasing: header[..<20]))) == number(header, 20, 4) else {
            return false
        }
        let length = Int(number(header, 0, 4))
        guard bytes.count - offset - headerBytes >= length else { return false }
        let body = UnsafeRawBufferPointer(rebasing: bytes[(offset + headerBytes)...].prefix(length))
        return UInt64(checksum(body)) == number(header, 16, 4)
    }

    /// Makes the checksums right of every frame that these bytes hold, as their lengths say. A mutation gets past them
    /// so; without this no fuzzer sees what is behind them.
    static func mend(_ bytes: UnsafeMutableRawBufferPointer) {
        var offset = 0
        while bytes.count - offset >= headerBytes {
            let length = Int(number(UnsafeRawBufferPointer(bytes), offset, 4))
            let room = bytes.count - offset - headerBytes
            seal(UnsafeMutableRawBufferPointer(rebasing: bytes[offset...].prefix(headerBytes + min(length, room))))
            guard length <= room else { return }
            offset += headerBytes + length
        }
    }

    /// Writes a frame. Returns its length.
    static func write(
        _ type: UInt8, requestID: UInt64, body: UnsafeRawBufferPointer, to bytes: UnsafeMutableRawBufferPointer
    ) -> Int {
        let count = headerBytes + body.count
        let frame = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
        put(UInt64(body.count), 4, at: 0, in: frame)
        put(UInt64(type) << 24, 4, at: 4, in: frame)
        put(requestID, 8, at: 8, in: frame)
        UnsafeMutableRawBufferPointer(rebasing: frame[headerBytes...]).copyMemory(from: body)
        seal(frame)
        return count
    }

    /// Writes a PUBLISH of this record, so many times. Returns its length.
    static func writePublish(
        _ record: UnsafeRawBufferPointer, copies: Int, requestID: UInt64, to bytes: UnsafeMutableRawBufferPointer
    ) -> Int {
        let count = headerBytes + 4 + copies * (4 + record.count)
        let frame = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
        put(UInt64(count - headerBytes), 4, at: 0, in: frame)
        put(0x1000_0000, 4, at: 4, in: frame)
        put(requestID, 8, at: 8, in: frame)
        put(UInt64(copies), 4, at: headerBytes, in: frame)
        for copy in 0..<copies {
            let offset = headerBytes + 4 + copy * (4 + record.count)
            put(UInt64(record.count), 4, at: offset, in: frame)
            UnsafeMutableRawBufferPointer(rebasing: frame[(offset + 4)...].prefix(record.count)).copyMemory(
                from: record)
        }
        seal(frame)
        return count
    }

    /// Both checksums of one frame.
    private static func seal(_ frame: UnsafeMutableRawBufferPointer) {
        guard let base = frame.baseAddress else { return }
        let body = frame.count - headerBytes
        put(body > 0 ? UInt64(clinux_crc32c(0, base + headerBytes, body)) : 0, 4, at: 16, in: frame)
        put(UInt64(clinux_crc32c(0, base, 20)), 4, at: 20, in: frame)
    }
}
