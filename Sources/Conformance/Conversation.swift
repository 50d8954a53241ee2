import Glibc
import WireProtocol

/// One connection as a check sees it: bytes out, replies in, and both as evidence. Belongs to one thread.
final class Conversation {
    private var announced: AnnouncedLimits?
    let patience: Duration
    private let connection: RawConnection
    private let decoder = FrameDecoder(bodyLimit: 64 << 20)
    private var unread: [UInt8] = []
    private var consumed = 0
    private var lastSent: [UInt8] = []
    private var lastReceived: [UInt8] = []

    init(to address: ServerAddress, patience: Duration) throws(Unreachable) {
        connection = try RawConnection(to: address, until: .now + patience)
        self.patience = patience
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) {
        lastSent = bytes
        connection.send(bytes, until: .now + patience)
    }

    func send(_ frames: RawFrame...) { send(frames.flatMap(\.bytes)) }

    /// Splits the bytes inside the header, at its end and inside the body, with pauses that keep the segments apart.
    func sendInPieces(_ bytes: [UInt8]) {
        var rest = bytes[...]
        for cut in [5, 24, 40, bytes.count - 1] where cut < bytes.count && cut > rest.startIndex {
            connection.send(Array(rest[..<cut]), until: .now + patience)
            rest = rest[cut...]
            if hasReply(within: .milliseconds(20)) { break }
        }
        connection.send(Array(rest), until: .now + patience)
        lastSent = bytes
    }

    /// One segment per byte.
    func sendByteByByte(_ bytes: [UInt8]) {
        for byte in bytes { connection.send([byte], until: .now + patience) }
        lastSent = bytes
    }

    /// Sends a byte at a time with pauses, until all are sent or something has come.
    func drip(_ bytes: [UInt8], every pause: Duration) {
        lastSent = bytes
        for byte in bytes {
            connection.send([byte], until: .now + patience)
            if hasReply(within: pause) { return }
        }
    }

    /// Ends our direction.
    func finish() { connection.finish() }

    // MARK: Receiving

    /// The next frame, or what came instead. PING is answered and skippable types are skipped, as a client must.
    func next(within time: Duration? = nil) -> Reply {
        let time = time ?? patience
        let deadline = ContinuousClock.now + time
        while true {
            if let reply = takeFrame() {
                guard case .frame(let frame) = reply, isNoise(frame) else { return reply }
                continue
            }
            switch connection.receive(until: deadline) {
            case .bytes(let bytes): append(bytes)
            case .end: return consumed == unread.count ? .end : .fragment
            case .reset: return .reset
            case .nothing: return .silence(time)
            }
        }
    }

    /// Whether anything, including an end, comes within the time. A frame that came is still there for `next`.
    func hasReply(within time: Duration) -> Bool {
        if consumed < unread.count { return true }
        switch connection.receive(until: .now + time) {
        case .bytes(let bytes): append(bytes)
        case .end, .reset: break
        case .nothing: return false
        }
        return true
    }

    /// The preface, or what came instead.
    func nextPreface() -> Reply? {
        let deadline = ContinuousClock.now + patience
        while unread.count - consumed < Preface.bytes.count {
            switch connection.receive(until: deadline) {
            case .bytes(let bytes): append(bytes)
            case .end: return consumed == unread.count ? .end : .fragment
            case .reset: return .reset
            case .nothing: return .silence(patience)
            }
        }
        lastReceived = Array(unread[consumed..<consumed + Preface.bytes.count])
        guard lastReceived == Preface.bytes else { return .garbage("not the preface") }
        consumed += Preface.bytes.count
        return nil
    }

    private func append(_ bytes: [UInt8]) {
        if consumed == unread.count || consumed > 1 << 20 {
            unread.removeFirst(consumed)
            consumed = 0
        }
        unread += bytes
    }

    private func takeFrame() -> Reply? {
        guard consumed < unread.count else { return nil }
        let reply: Reply? = unread.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
            do throws(FrameError) {
                guard case .frame(let frame) = try decoder.next(in: rest) else { return nil }
                return .frame(ReceivedFrame(frame))
            } catch {
                return .garbage("\(error)")
            }
        }
        switch reply {
        case .frame(let frame):
            let end = consumed + FrameHeader.byteCount + frame.body.count
            lastReceived = Array(unread[consumed..<end])
            consumed = end
        case .garbage: lastReceived = Array(unread[consumed...])
        default: break
        }
        return reply
    }

    private func isNoise(_ frame: ReceivedFrame) -> Bool {
        if frame.header.typeByte >= FrameType.firstSkippable { return true }
        guard frame.header.type == .ping, frame.isIntact else { return false }
        let pong = RawFrame(
            .pong, id: frame.header.requestID, body: frame.body + frame.body.suffix(8) + frame.body.suffix(8))
        connection.send(pong.bytes, until: .now + patience)
        return true
    }

    // MARK: Verdicts

    /// What WELCOME announced. Valid only after WELCOME.
    var limits: AnnouncedLimits {
        guard let announced else { preconditionFailure("no WELCOME has come") }
        return announced
    }

    func learn(_ welcome: Welcome) { announced = AnnouncedLimits(welcome) }

    func deviation(_ clause: String, expected: String, actual: String) -> Deviation {
        Deviation(
            clause: clause, expected: expected, actual: actual, received: excerpt(lastReceived), sent: excerpt(lastSent)
        )
    }

    func deviation(_ clause: String, expected: String, actual reply: Reply) -> Deviation {
        deviation(clause, expected: expected, actual: reply.text)
    }
}
