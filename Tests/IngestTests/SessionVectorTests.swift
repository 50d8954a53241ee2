import Ingest
import TestSupport
import Testing
import WebhookModel
import WireProtocol

/// The vectors of whole conversations, and what must hold for each when it is cut into reads or damaged.
@Suite struct SessionVectorTests {
    /// The session of a vector, past WELCOME where the vector begins there.
    private func driver(for vector: FrameVector) -> SessionDriver {
        var configuration = IngestConfiguration()
        let limits = vector.meaning.limits
        configuration.windowEvents = limits?.windowEvents ?? configuration.windowEvents
        configuration.windowBytes = limits?.windowBytes ?? configuration.windowBytes
        configuration.eventsPerFrame = limits?.eventsPerFrame ?? configuration.eventsPerFrame
        configuration.payloadBytes = limits?.eventBytes ?? configuration.payloadBytes
        var key = SessionDriver.key()
        if let opened = vector.meaning.keyOpens {
            key = SessionDriver.key(.only(SessionDriver.tenants.filter { opened.contains($0.name) }.map(\.number)))
        }
        return vector.meaning.kind == .open
            ? SessionDriver.opened(configuration, key: key) : SessionDriver(configuration, key: key)
    }

    /// The replies to the vector's bytes; the queue accepts every event.
    private func outcome(_ vector: FrameVector, pieces: [ArraySlice<UInt8>]) -> [String] {
        var driver = driver(for: vector)
        var replies: [String] = []
        for piece in pieces { replies += driver.send(Array(piece)) }
        replies += driver.commit()
        // A wrong key is answered later; the longest deadline is that of silence.
        replies += driver.wait(milliseconds: vector.meaning.then == "silence" ? 61_000 : 500)
        let isClosed = replies.contains { $0.hasPrefix("CLOSE") }
        return replies.filter { !["preface", "WELCOME 1"].contains($0) && !(isClosed && $0 == "halfClose") }
    }

    private func expected(_ vector: FrameVector) -> [String] {
        var replies: [String] = []
        if let answers = vector.meaning.answers {
            replies.append("ACK \(answers == ["CORRUPT"] ? 3 : 1) " + answers.joined(separator: " "))
        }
        switch vector.meaning.closes {
        case nil: break
        case "nothing": replies.append("abort")
        case "end": replies.append("halfClose")
        case let status?: replies.append("CLOSE \(status)")
        }
        return replies
    }

    private static let conversations = FrameVector.all(.opening) + FrameVector.all(.open)

    @Test(arguments: conversations)
    func eachVectorEndsAsItSays(_ vector: FrameVector) {
        #expect(outcome(vector, pieces: [vector.bytes[...]]) == expected(vector))
    }

    @Test(arguments: conversations)
    func everySplitPointGivesTheSame(_ vector: FrameVector) {
        let bytes = vector.bytes
        for split in 1..<bytes.count {
            let replies = outcome(vector, pieces: [bytes[..<split], bytes[split...]])
            #expect(replies == expected(vector), "split at \(split)")
        }
    }

    @Test(arguments: conversations)
    func byteByByteGivesTheSame(_ vector: FrameVector) {
        #expect(outcome(vector, pieces: vector.bytes.indices.map { vector.bytes[$0...$0] }) == expected(vector))
    }

    // MARK: Damage

    /// One valid frame of a client, from the vectors of valid frames and of conversations.
    struct LoneFrame: CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        var testDescription: String { name }
        var isHello: Bool { bytes[4] == FrameType.hello.rawValue }
        var requestID: UInt64 { bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) } }

        init?(_ vector: FrameVector) {
            name = vector.name
            bytes = vector.meaning.kind == .opening ? Array(vector.bytes.dropFirst(Preface.bytes.count)) : vector.bytes
            let isRight = bytes.withUnsafeBytes { bytes in
                guard case .frame(let frame)? = try? FrameDecoder(bodyLimit: 1 << 20).next(in: bytes) else {
                    return false
                }
                return frame.isIntact && frame.byteCount == bytes.count
            }
            let fromServer: [FrameType] = [.welcome, .ack, .goAway]
            guard isRight, !fromServer.map(\.rawValue).contains(bytes[4]) else { return nil }
            guard vector.meaning.kind != .opening || isHello && vector.bytes.starts(with: Preface.bytes) else {
                return nil
            }
        }
    }

    private static let loneFrames = (FrameVector.all(.frame) + conversations).compactMap(LoneFrame.init)

    @Test func thereAreManyFramesToDamage() {
        #expect(Self.loneFrames.count > 80)
        #expect(Set(Self.loneFrames.map { $0.bytes[4] }).isSuperset(of: [0x01, 0x10, 0x20, 0x21, 0x31, 0x80]))
    }

    /// A damaged header ends the connection. Nothing in it was used.
    @Test(arguments: loneFrames)
    func everyFlippedBitOfAHeaderIsNoticed(_ frame: LoneFrame) {
        for bit in 0..<FrameHeader.byteCount * 8 {
            #expect(replies(to: frame, flipping: bit) == ["CLOSE HEADER_CORRUPT", "halfClose"], "bit \(bit)")
        }
    }

    /// A damaged body is never stored, and never refused for good: its original was valid.
    @Test(arguments: loneFrames)
    func everyFlippedBitOfABodyIsAnsweredCorrupt(_ frame: LoneFrame) {
        var driver = SessionDriver.opened()
        var bytes = frame.bytes
        for bit in FrameHeader.byteCount * 8..<frame.bytes.count * 8 {
            if frame.isHello {
                #expect(replies(to: frame, flipping: bit) == ["CLOSE CORRUPT", "halfClose"], "bit \(bit)")
                continue
            }
            bytes[bit / 8] ^= 1 << (bit % 8)
            let replies = driver.send(bytes) + driver.commit() + driver.wait(milliseconds: 11)
            #expect(replies == ["ACK \(frame.requestID) CORRUPT"], "bit \(bit)")
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
    }

    private func replies(to frame: LoneFrame, flipping bit: Int) -> [String] {
        var bytes = frame.bytes
        bytes[bit / 8] ^= 1 << (bit % 8)
        var driver = frame.isHello ? SessionDriver() : SessionDriver.opened()
        if frame.isHello { _ = driver.send(Preface.bytes) }
        return driver.send(bytes) + driver.commit()
    }
}
