public import NIOCore

/// One frame. Its bytes are borrowed from the buffer that was decoded.
public struct Frame {
    public let header: FrameHeader
    /// Valid only as long as the buffer that was decoded.
    public let body: UnsafeRawBufferPointer
    /// False: the body's checksum is wrong. The frame is refused as a whole; the connection stays open.
    public let isIntact: Bool

    /// Header and body together.
    public var byteCount: Int { FrameHeader.byteCount + body.count }
}

/// Finds frames in received bytes. It keeps no state: the caller that reads from a socket keeps the incomplete tail.
///
/// The header is checked before its length is used, and before anything is allocated for the body.
public struct FrameDecoder: Sendable {
    /// The longest body in bytes.
    public var bodyLimit: Int

    public init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

    public enum Step {
        case frame(Frame)
        /// The bytes end before the frame does. The number of bytes, from the frame's first, that are needed to
        /// continue.
        case needs(Int)
    }

    /// The frame at the start of these bytes.
    @inlinable
    public func next(in bytes: UnsafeRawBufferPointer) throws(FrameError) -> Step {
        guard bytes.count >= FrameHeader.byteCount else { return .needs(FrameHeader.byteCount) }
        let header = try FrameHeader(checking: bytes, bodyLimit: bodyLimit)
        let end = FrameHeader.byteCount + Int(header.bodyLength)
        guard bytes.count >= end else { return .needs(end) }
        let body = UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.byteCount..<end])
        return .frame(Frame(header: header, body: body))
    }

    /// The length in bytes of the frame whose header is at the start of these bytes, for callers that collect it in
    /// parts.
    ///
    /// - Parameter bytes: at least `FrameHeader.byteCount` bytes.
    public func frameLength(of bytes: UnsafeRawBufferPointer) throws(FrameError) -> Int {
        FrameHeader.byteCount + Int(try FrameHeader(checking: bytes, bodyLimit: bodyLimit).bodyLength)
    }

    /// Passes every whole frame at the front of the buffer to `take` and moves the reader index past it. What remains
    /// is the start of one frame. Stops early when `take` returns false.
    public func readFrames(from buffer: inout ByteBuffer, _ take: (Frame) -> Bool) throws(FrameError) {
        var consumed = 0
        // `withUnsafeReadableBytes` rethrows untyped, so the error is passed out by hand.
        var failure: FrameError?
        buffer.withUnsafeReadableBytes { bytes in
            do throws(FrameError) {
                while case .frame(let frame) = try next(in: UnsafeRawBufferPointer(rebasing: bytes[consumed...])) {
                    consumed += frame.byteCount
                    guard take(frame) else { return }
                }
            } catch {
                failure = error
            }
        }
        buffer.moveReaderIndex(forwardBy: consumed)
        if let failure { throw failure }
    }
}

extension Frame {
    @usableFromInline init(header: FrameHeader, body: UnsafeRawBufferPointer) {
        self.header = header
        self.body = body
        isIntact = Checksum.of(body) == header.bodyChecksum
    }
}
