import NIOCore
import WireProtocol

/// Frames that no honest writer makes.
enum OddFrames {
    /// All but the last byte of a HELLO with a body of so many bytes.
    static func hello(bodyBytes: Int) -> [UInt8] {
        frame(.hello, body: [UInt8](repeating: 0, count: bodyBytes)).dropLast()
    }

    static func frame(_ type: FrameType, body: [UInt8], id: UInt64 = 1) -> [UInt8] {
        var buffer = ByteBuffer()
        FrameEncoder.write(type, requestID: id, to: &buffer) { $0.writeBytes(body) }
        return Array(buffer.readableBytesView)
    }
}
