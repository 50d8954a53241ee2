import NIOCore
import WebhookModel
import WireProtocol

// libFuzzer's way in: everything that reads bytes and keeps nothing.

nonisolated(unsafe) private let harness = DecoderHarness()

@_cdecl("LLVMFuzzerTestOneInput")
public func testDecoders(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    harness.run(Script(UnsafeRawBufferPointer(start: bytes, count: count)))
    return 0
}

/// The first byte of an input says what the rest is given to.
private final class DecoderHarness {
    /// So little that the vectors' payloads are near it.
    private static let payloadLimit = 8
    private let decoder = FrameDecoder(bodyLimit: 512)
    /// Made once: an input is copied into it and mended there.
    private let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)
    private var written = ByteBuffer()

    func run(_ input: Script) {
        var script = input
        let choice = script.byte()
        let bytes = script.everything()
        switch choice & 3 {
        case 0: stream(bytes)
        case 1:
            let mended = UnsafeMutableRawBufferPointer(rebasing: copy.prefix(min(bytes.count, copy.count)))
            mended.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(mended.count)))
            FrameBytes.mend(mended)
            stream(UnsafeRawBufferPointer(mended))
        case 2: PlainRecord.compare(bytes, payloadLimit: Self.payloadLimit)
        default:
            preface(bytes)
            text(bytes)
        }
    }

    // MARK: Frames

    private func stream(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            do throws(FrameError) {
                switch try decoder.next(in: rest) {
                case .needs(let count):
                    precondition(count > rest.count, "it needs what it has")
                    return
                case .frame(let frame):
                    precondition(frame.byteCount <= rest.count && frame.body.count <= decoder.bodyLimit)
                    precondition(frame.isIntact == FrameBytes.isIntact(bytes, at: offset), "a checksum is misjudged")
                    if frame.isIntact { message(frame) }
                    offset += frame.byteCount
                }
            } catch {
                return precondition(error.status.statusClass == .closes)
            }
        }
    }

    /// Reads the body as what its type says, and as what it does not.
    private func message(_ frame: Frame) {
        switch frame.header.type {
        case .hello: again(Hello.self, frame.body, isExact: false)
        case .welcome: again(Welcome.self, frame.body, isExact: false)
        case .publish: publish(frame.body)
        case .ack: again(Ack.self, frame.body)
        case .ping: again(Ping.self, frame.body)
        case .pong: again(Pong.self, frame.body)
        case .goAway: again(GoAway.self, frame.body)
        case .close: again(Close.self, frame.body)
        case nil: precondition(frame.header.typeByte >= FrameType.firstSkippable, "an unknown type was let through")
        }
    }

    /// What was read must be written as it came.
    ///
    /// - Parameter isExact: false: a later minor version may append, so it must only begin so.
    private func again<Kind: Message>(_ kind: Kind.Type, _ body: UnsafeRawBufferPointer, isExact: Bool = true) {
        guard let message = try? Kind(decoding: body) else { return }
        written.clear()
        message.encode(to: &written)
        written.withUnsafeReadableBytes { bytes in
            precondition(isExact ? bytes.count == body.count : bytes.count <= body.count)
            precondition(bytes.elementsEqual(body.prefix(bytes.count)), "\(Kind.frameType) is not written as it came")
        }
    }

    private func publish(_ body: UnsafeRawBufferPointer) {
        guard let publish = try? PublishBody(checking: body, eventLimit: 8) else { return }
        precondition((1...8).contains(publish.count))
        var end = 0
        publish.forEachRecord { range in
            precondition(range.lowerBound == end + 4 && range.upperBound <= publish.records.count)
            end = range.upperBound
            PlainRecord.compare(
                UnsafeRawBufferPointer(rebasing: publish.records[range]), payloadLimit: Self.payloadLimit)
        }
        precondition(end == publish.records.count, "bytes are left over")
    }

    // MARK: Texts

    private func preface(_ bytes: UnsafeRawBufferPointer) {
        let isRight = bytes.prefix(7).elementsEqual(Preface.bytes.prefix(min(7, bytes.count)))
        switch Preface.check(bytes) {
        case .complete: precondition(isRight && bytes.count >= 8 && bytes[7] == 1)
        case .incomplete: precondition(isRight && bytes.count < 8)
        case .otherVersion(let version): precondition(isRight && bytes[7] == version && version != 1)
        case .foreign: precondition(!isRight)
        }
    }

    private func text(_ bytes: UnsafeRawBufferPointer) {
        precondition(UTF8Check.isValid(bytes) == PlainRecord.isUTF8(bytes[...]), "UTF-8 is misjudged")
    }
}
