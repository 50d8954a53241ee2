import NIOCore
import TestSupport
import WebhookModel
import WireProtocol

/// Frames that no correct client sends.
enum OddFrames {
    /// All but the last byte of a HELLO with a body of this many bytes.
    static func hello(bodyBytes: Int) -> [UInt8] {
        frame(.hello, body: [UInt8](repeating: 0, count: bodyBytes)).dropLast()
    }

    /// A PUBLISH of 33 KiB whose ACK has 64 KiB: 8,191 empty records, which are malformed, and a valid one.
    static let longestAnswers: [UInt8] = {
        let good = Sample.recordBytes(id: EventID(high: 1, low: 2), tenant: "acme")
        var body = ByteBuffer(integer: UInt32(8_192))
        body.writeRepeatingByte(0, count: 4 * 8_191)
        body.writeInteger(UInt32(good.count))
        body.writeBytes(good)
        return frame(.publish, body: Array(body.readableBytesView))
    }()

    static func frame(_ type: FrameType, body: [UInt8], id: UInt64 = 1) -> [UInt8] {
        var buffer = ByteBuffer()
        FrameEncoder.write(type, requestID: id, to: &buffer) { $0.writeBytes(body) }
        return Array(buffer.readableBytesView)
    }
}
