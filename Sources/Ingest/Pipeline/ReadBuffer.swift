import NIOCore

/// The one receive buffer of an event loop. A read fills it, the session copies what it keeps, and the next read of any
/// connection fills it again. So a silent connection holds no buffer, and a busy one has a large one at once.
final class ReadBuffer: @unchecked Sendable {
    // Unchecked: used on its event loop only.

    /// Some frames of tens of KiB in one read. A socket rarely has more at once.
    static let bytes = 256 * 1_024

    private var spare: ByteBuffer?

    fileprivate func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard var buffer = spare else { return allocator.buffer(capacity: ReadBuffer.bytes) }
        spare = nil
        buffer.clear()
        return buffer
    }

    /// Called after a read, when nothing of the buffer is needed any more. A buffer that was allocated elsewhere is freed.
    func giveBack(_ buffer: ByteBuffer) {
        if buffer.storageCapacity == ReadBuffer.bytes { spare = buffer }
    }

    /// What a new channel reads into.
    func allocator() -> any RecvByteBufferAllocator { Loan(lender: self) }

    private struct Loan: RecvByteBufferAllocator {
        /// NIO keeps a channel's first buffer for the life of the channel and frees the later ones. So the first is small,
        /// with room for preface and HELLO.
        static let firstBytes = 256

        let lender: ReadBuffer
        var isFirst = true

        func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
            isFirst ? allocator.buffer(capacity: Loan.firstBytes) : lender.take(allocator)
        }

        // True means "may grow": NIO asks for another buffer instead of filling the one it keeps.
        mutating func record(actualReadBytes: Int) -> Bool {
            isFirst = false
            return true
        }
    }
}
