import NIOCore
import Testing
import WireProtocol

@Suite struct FrameDecoderTests {
    private let decoder = FrameDecoder(bodyLimit: 64)

    private func pings(_ count: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        for index in 0..<count { Ping(opaque: UInt64(index), sentAt: 0).write(to: &buffer, requestID: UInt64(index)) }
        return buffer
    }

    @Test func readsEveryWholeFrameAndLeavesTheRest() throws {
        var buffer = pings(3)
        let last = buffer.readSlice(length: buffer.readableBytes - 1)!
        buffer = last
        var seen: [UInt64] = []
        try decoder.readFrames(from: &buffer) { frame in
            seen.append(frame.header.requestID)
            return true
        }
        #expect(seen == [0, 1])
        #expect(buffer.readableBytes == FrameHeader.byteCount + 16 - 1)
    }

    @Test func stopsWhenTheHandlerReturnsFalse() throws {
        var buffer = pings(3)
        try decoder.readFrames(from: &buffer) { _ in false }
        #expect(buffer.readableBytes == 2 * (FrameHeader.byteCount + 16))
    }

    @Test func framesBeforeABrokenOneAreStillRead() {
        var buffer = pings(2)
        buffer.setInteger(UInt8(0xFF), at: FrameHeader.byteCount + 16)
        var seen = 0
        #expect(throws: FrameError.headerCorrupt) {
            try decoder.readFrames(from: &buffer) { _ in
                seen += 1
                return true
            }
        }
        #expect(seen == 1)
    }

    @Test func theLimitIsInclusive() throws {
        for (length, fits) in [(64, true), (65, false)] {
            var buffer = ByteBuffer()
            FrameEncoder.write(.ping, requestID: 0, to: &buffer) { $0.writeRepeatingByte(1, count: length) }
            let outcome = Result { () throws(FrameError) in try decoder.readFrames(from: &buffer) { _ in true } }
            switch outcome {
            case .success: #expect(fits)
            case .failure(let error):
                #expect(!fits && error == .tooLarge(length: 65, limit: 64))
                #expect(error.status == .frameTooLarge)
            }
        }
    }

    @Test func checksumIsCRC32C() {
        // RFC 3720, appendix B.4, and the customary check value.
        let cases: [([UInt8], UInt32)] = [
            (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([], 0),
        ]
        for (bytes, expected) in cases { #expect(bytes.withUnsafeBytes(Checksum.of) == expected) }
    }
}
