public import NIOCore

/// A frame body as a value. PUBLISH is the only body that is no `Message`: it is read and written in place.
public protocol Message: Sendable {
    static var frameType: FrameType { get }
    /// Reads a whole body.
    init(decoding body: UnsafeRawBufferPointer) throws(BodyError)
    /// Appends the body.
    func encode(to buffer: inout ByteBuffer)
}

extension Message {
    /// Appends the whole frame.
    public func write(to buffer: inout ByteBuffer, requestID: UInt64 = 0) {
        FrameEncoder.write(Self.frameType, requestID: requestID, to: &buffer, body: encode)
    }
}

extension ByteBuffer {
    /// Appends a `str`: u16 length + UTF-8. A text that is too long is the caller's bug.
    mutating func writeText(_ text: String) {
        let count = text.utf8.count
        precondition(count <= UInt16.max, "a str of the protocol has at most 65,535 bytes, not \(count)")
        writeInteger(UInt16(count))
        writeString(text)
    }
}
