public import NIOCore

/// One frame whose bytes are borrowed from the buffer it was found in.
public struct Frame {
    public let header: FrameHeader
    /// Valid only as long as the buffer that was decoded.
    public let body: UnsafeRawBufferPointer
    /// False: the body's checksum is wrong. The frame is refused as a whole; the connection lives.
    public let isIntact: Bool

    /// Header and body together.
    public var byteCount: Int { FrameHeader.byteCount + body.count }
}

/// Finds frames in received bytes. It keeps nothing: who reads from a socket keeps the incomplete tail.
///
/// The header is checked before its length is believed, and before anything is allocated for the body.
public struct FrameDecoder: Sendable {
    /// The longest body in bytes.
    public var bodyLimit: Int

    public init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

    public enum Step {
        case frame(Frame)
        /// The bytes end before the frame does. So many must there be, from the frame's first, to learn more.
        case needs(Int)
    }

    /// The frame that begins with the first of these bytes.
    @inlinable
    public func next(in bytes: UnsafeRawBufferPointer) throws(FrameError) -> Step {
        guard bytes.count >= FrameHeader.byteCount else { return .needs(FrameHeader.byteCount) }
        let header = try FrameHeader(checking: bytes, bodyLimit: bodyLimit)
        let end = FrameHeader.byteCount + Int(header.bodyLength)
        guard bytes.count >= end else { return .needs(end) }
        let body = UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.byteCount..<end])
        return .frame(Frame(header: header, body: body))
    }

    /// The length in bytes of the frame whose header these bytes begin with: for who gathers it piece by piece.
    ///
    /// - Parameter bytes: at least `FrameHeader.byteCount` bytes.
    public func frameLength(of bytes: UnsafeRawBufferPointer) throws(FrameError) -> Int {
        FrameHeader.byteCount + Int(try FrameHeader(checking: bytes, bodyLimit: bodyLimit).bodyLength)
    }

    /// Hands every whole frame at the front of the buffer to `take` and moves the reader index past it. What is left
    /// is the beginning of one frame. Stops early when `take` says no.
    public func readFrames(from buffer: inout ByteBuffer, _ take: (Frame) -> Bool) throws(FrameError) {
        var consumed = 0
        // `withUnsafeReadableBytes` rethrows untyped: the error is carried out by hand.
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
