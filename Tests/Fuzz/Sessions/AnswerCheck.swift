import NIOCore
import WebhookModel

/// Reads what a session puts out, by hand: whole frames, intact, of a server's types, in a lawful order; and no event
/// stored of which the queue did not say so.
struct AnswerCheck {
    /// Bytes put out.
    private(set) var bytes = 0
    private var prefaceSeen: Bool
    private var welcomeSeen: Bool
    private var closeSeen = false
    /// Groups that the queue gave back and whose ACK has not come out, in order.
    private var expected: [DraftGroup] = []
    private var nextExpected = 0

    init(isOpen: Bool) {
        prefaceSeen = isOpen
        welcomeSeen = isOpen
    }

    mutating func expect(_ batch: EventBatch) { expected += batch.groups }

    mutating func check(_ output: ByteBuffer) {
        bytes += output.readableBytes
        output.withUnsafeReadableBytes { bytes in
            var offset = 0
            if !prefaceSeen {
                precondition(bytes.count >= 8 && FrameBytes.number(bytes, 0, 8) == 0x894E_544C_0D0A_1A01, "no preface")
                prefaceSeen = true
                offset = 8
            }
            while offset < bytes.count {
                precondition(FrameBytes.isIntact(bytes, at: offset), "half a frame, or a damaged one")
                let end = offset + FrameBytes.headerBytes + Int(FrameBytes.number(bytes, offset, 4))
                frame(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
                offset = end
            }
        }
    }

    private mutating func frame(_ frame: UnsafeRawBufferPointer) {
        precondition(!closeSeen, "a frame after CLOSE")
        let type = frame[4]
        precondition(welcomeSeen || type == 0x02 || type == 0x31, "an answer before WELCOME")
        switch type {
        case 0x02:
            precondition(!welcomeSeen, "a second WELCOME")
            welcomeSeen = true
        case 0x11: ack(frame)
        case 0x21: precondition(frame.count == FrameBytes.headerBytes + 32)
        case 0x30: break
        case 0x31: closeSeen = true
        default: preconditionFailure("a frame of type \(type) from a server")
        }
    }

    private mutating func ack(_ frame: UnsafeRawBufferPointer) {
        let body = FrameBytes.headerBytes
        let (id, count) = (FrameBytes.number(frame, 8, 8), Int(FrameBytes.number(frame, body + 8, 4)))
        if nextExpected < expected.count, expected[nextExpected].token == id, expected[nextExpected].count == count {
            nextExpected += 1
            return
        }
        // An answer that the session gave by itself: nothing is stored, so no form 0 and no class 0x00.
        precondition(frame[body + 12] != 0, "ACCEPTED, of what the queue did not have")
        for offset in stride(from: body + 13, to: frame.count, by: 8) {
            precondition(frame[offset] != 0, "stored, of what the queue did not have")
        }
    }

    /// The queue has answered everything.
    func conclude() { precondition(nextExpected == expected.count, "an event without its answer") }
}
