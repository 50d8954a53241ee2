import Ingest
import NIOCore
import WireProtocol

/// One mistake of a server, and the clause that it breaks.
struct Fault: Sendable, CustomStringConvertible {
    enum Passage { case passes, swallowed }
    typealias FrameChange = @Sendable (inout Piece, Link) -> Passage

    let description: String
    /// The check that must find the fault.
    let check: String
    let clause: String
    /// Limits of the server behind the proxy, if the fault is one of its settings.
    var server: @Sendable (inout IngestConfiguration) -> Void = { _ in }
    /// Whether bytes that the client sends in parts arrive in parts. Otherwise whole frames are assembled for `frame`.
    var passesPieces = false
    /// Treats each segment as whole frames, and closes if one is not.
    var trustsSegments = false
    /// Sent before the client sends anything.
    var greeting: [UInt8]?
    var preface: FrameChange?
    var frame: FrameChange?
    /// The client (or the server) has ended its direction.
    var ending: (@Sendable (_ isClient: Bool, Link) -> Passage)?

    /// A fault in timing: the server waits for bytes that come in parts.
    func inTime(_ server: @escaping @Sendable (inout IngestConfiguration) -> Void = { _ in }) -> Fault {
        var fault = self
        fault.server = server
        fault.passesPieces = true
        return fault
    }

    func trustingSegments() -> Fault {
        var fault = self
        fault.trustsSegments = true
        return fault
    }

    /// The change of frames is the first closure, so that it can be a trailing closure.
    init(
        _ description: String, _ check: String, breaks clause: String, greeting: [UInt8]? = nil,
        frame: FrameChange? = nil,
        preface: FrameChange? = nil, ending: (@Sendable (_ isClient: Bool, Link) -> Passage)? = nil
    ) {
        self.description = description
        self.check = check
        self.clause = clause
        self.greeting = greeting
        self.preface = preface
        self.ending = ending
        self.frame = frame
    }
}

/// A frame in transit, or bytes that are not a frame.
struct Piece {
    var bytes: [UInt8]
    let isFromClient: Bool

    /// The frame's type; nil: there is no header.
    var type: FrameType? { bytes.count >= FrameHeader.byteCount ? FrameType(rawValue: bytes[4]) : nil }
    var typeByte: UInt8 { bytes.count >= FrameHeader.byteCount ? bytes[4] : 0 }

    func isClient(_ type: FrameType) -> Bool { isFromClient && self.type == type }
    func isServer(_ type: FrameType) -> Bool { !isFromClient && self.type == type }

    /// Its body; empty: there is no header.
    var body: [UInt8] {
        get { Array(bytes.dropFirst(FrameHeader.byteCount)) }
        set {
            bytes = Array(bytes.prefix(FrameHeader.byteCount)) + newValue
            let length = UInt32(newValue.count)
            for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(index))) }
            mendBody()
        }
    }

    /// Corrects both checksums.
    mutating func mendBody() {
        guard bytes.count >= FrameHeader.byteCount else { return }
        put(body.withUnsafeBytes(Checksum.of), at: 16)
        mendHeader()
    }

    /// Corrects the header's checksum.
    mutating func mendHeader() {
        guard bytes.count >= FrameHeader.byteCount else { return }
        put(bytes[..<20].withUnsafeBytes(Checksum.of), at: 20)
    }

    private mutating func put(_ number: UInt32, at offset: Int) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32(index))) }
    }

    /// Changes the body as this message; does nothing if it is not one.
    mutating func change<Body: Message>(_ type: Body.Type, _ body: (inout Body) -> Void) {
        guard var message = self.body.withUnsafeBytes({ try? Body(decoding: $0) }) else { return }
        body(&message)
        self.body = Array(Piece.frame(message).dropFirst(FrameHeader.byteCount))
    }

    /// The frame of a message.
    static func frame(_ message: some Message, id: UInt64 = 0) -> [UInt8] {
        var buffer = ByteBuffer()
        message.write(to: &buffer, requestID: id)
        return Array(buffer.readableBytesView)
    }
}
