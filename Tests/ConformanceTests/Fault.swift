import Ingest
import NIOCore
import WireProtocol

/// One mistake of a server, and the clause that it breaks.
struct Fault: Sendable, CustomStringConvertible {
    enum Passage { case passes, swallowed }
    typealias Meddling = @Sendable (inout Piece, Link) -> Passage

    let description: String
    /// What is played, and the check of it that must find the fault.
    let check: String
    let clause: String
    /// Limits of the server behind, where its own fault is one.
    var server: @Sendable (inout IngestConfiguration) -> Void = { _ in }
    /// What the client sends piece by piece arrives so; otherwise whole frames are put together for `frame`.
    var passesPieces = false
    /// Takes each segment for whole frames, and hangs up where one is not.
    var trustsSegments = false
    /// Said before the client says anything.
    var greeting: [UInt8]?
    var preface: Meddling?
    var frame: Meddling?
    /// The client (or the server) has ended its direction.
    var ending: (@Sendable (_ isClient: Bool, Link) -> Passage)?

    /// A fault in time: the server waits for what comes piece by piece.
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

    /// The mistake in frames comes first of the closures: it is the one that trails.
    init(
        _ description: String, _ check: String, breaks clause: String, greeting: [UInt8]? = nil, frame: Meddling? = nil,
        preface: Meddling? = nil, ending: (@Sendable (_ isClient: Bool, Link) -> Passage)? = nil
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

/// A frame on its way, or bytes that are none.
struct Piece {
    var bytes: [UInt8]
    let isFromClient: Bool

    /// The frame's type; nil for what has no header.
    var type: FrameType? { bytes.count >= FrameHeader.byteCount ? FrameType(rawValue: bytes[4]) : nil }
    var typeByte: UInt8 { bytes.count >= FrameHeader.byteCount ? bytes[4] : 0 }

    func isClient(_ type: FrameType) -> Bool { isFromClient && self.type == type }
    func isServer(_ type: FrameType) -> Bool { !isFromClient && self.type == type }

    /// Its body; empty for what has no header.
    var body: [UInt8] {
        get { Array(bytes.dropFirst(FrameHeader.byteCount)) }
        set {
            bytes = Array(bytes.prefix(FrameHeader.byteCount)) + newValue
            let length = UInt32(newValue.count)
            for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(index))) }
            mendBody()
        }
    }

    /// Makes both checksums right.
    mutating func mendBody() {
        guard bytes.count >= FrameHeader.byteCount else { return }
        put(body.withUnsafeBytes(Checksum.of), at: 16)
        mendHeader()
    }

    /// Makes the header's checksum right.
    mutating func mendHeader() {
        guard bytes.count >= FrameHeader.byteCount else { return }
        put(bytes[..<20].withUnsafeBytes(Checksum.of), at: 20)
    }

    private mutating func put(_ number: UInt32, at offset: Int) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32(index))) }
    }

    /// The body changed as this message; nothing where it is none.
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
