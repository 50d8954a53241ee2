import NIOCore
import WebhookModel

/// The one receive buffer of an event loop. A read fills it, the session copies what it keeps, and the next read of any
/// connection fills it again. So a silent connection holds no buffer, and a busy one has a large one at once.
final class ReadBuffer: @unchecked Sendable {
    // Unchecked: used on its event loop only.

    private var spare: ByteBuffer?

    fileprivate func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard var buffer = spare else { return allocator.buffer(capacity: Limits.receiveBytes) }
        spare = nil
        buffer.clear()
        return buffer
    }

    /// Called after a read, when nothing of the buffer is needed any more. A buffer that was allocated elsewhere is freed.
    func giveBack(_ buffer: ByteBuffer) {
        if buffer.storageCapacity == Limits.receiveBytes { spare = buffer }
    }

    /// What a new channel reads into.
    func allocator() -> any RecvByteBufferAllocator { Loan(lender: self) }

    private struct Loan: RecvByteBufferAllocator {
        let lender: ReadBuffer
        var isFirst = true

        func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
            isFirst ? allocator.buffer(capacity: Limits.firstReceiveBytes) : lender.take(allocator)
        }

        // True means "may grow": NIO asks for another buffer instead of filling the one it keeps.
        mutating func record(actualReadBytes: Int) -> Bool {
            isFirst = false
            return true
        }
    }
}
