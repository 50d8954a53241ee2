public import NIOCore

/// Writes frames: space for the header, then the body, then the header with length and checksums.
public enum FrameEncoder {
    /// Appends one frame to the buffer.
    ///
    /// - Parameter body: appends the body, and nothing else, to the buffer.
    @inlinable
    public static func write(
        _ type: FrameType, requestID: UInt64, to buffer: inout ByteBuffer, body: (inout ByteBuffer) -> Void
    ) {
        let start = reserveHeader(in: &buffer)
        body(&buffer)
        finish(type, requestID: requestID, start: start, in: &buffer)
    }

    /// Reserves space for a header. Returns where it begins, counted from the buffer's reader index.
    @usableFromInline static func reserveHeader(in buffer: inout ByteBuffer) -> Int {
        let start = buffer.readableBytes
        buffer.writeRepeatingByte(0, count: FrameHeader.byteCount)
        return start
    }

    /// Writes the header into its space, for the body that reaches from there to the end of the buffer.
    @usableFromInline static func finish(
        _ type: FrameType, requestID: UInt64, start: Int, in buffer: inout ByteBuffer
    ) {
        buffer.withUnsafeMutableReadableBytes { bytes in
            let bodyStart = start + FrameHeader.byteCount
            let header = FrameHeader(
                type: type, requestID: requestID, body: UnsafeRawBufferPointer(rebasing: bytes[bodyStart...]))
            header.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[start..<bodyStart]))
        }
    }
}
