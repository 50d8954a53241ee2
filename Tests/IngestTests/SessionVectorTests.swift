import Ingest
import TestSupport
import Testing
import WireProtocol

/// The vectors of whole conversations, and what must hold for each of them however it is cut or damaged.
@Suite struct SessionVectorTests {
    /// What the vector's bytes bring forth; the queue accepts what it gets.
    private func outcome(_ vector: FrameVector, pieces: [ArraySlice<UInt8>]) -> [String] {
        var driver = vector.meaning.kind == .open ? SessionDriver.opened() : SessionDriver()
        var replies: [String] = []
        for piece in pieces { replies += driver.send(Array(piece)) }
        replies += driver.commit()
        // A wrong key is answered later.
        replies += driver.wait(milliseconds: 500)
        return replies.filter { !["preface", "WELCOME 1", "halfClose"].contains($0) }
    }

    private func expected(_ vector: FrameVector) -> [String] {
        switch (vector.meaning.closes, vector.meaning.answers) {
        case ("nothing", _): ["abort"]
        case (let status?, _): ["CLOSE \(status)"]
        case (nil, let answers?): ["ACK \(answers == ["CORRUPT"] ? 3 : 1) " + answers.joined(separator: " ")]
        default: []
        }
    }

    private static let conversations = FrameVector.all(.opening) + FrameVector.all(.open)

    @Test(arguments: conversations)
    func endsAsItShould(_ vector: FrameVector) {
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

    /// A damaged frame is never stored, and never refused for good: the event in it was good.
    @Test func noFlippedBitIsAcceptedOrRefusedForGood() throws {
        let vector = try #require(FrameVector.all(.open).first { $0.name == "open-event-good" })
        var bytes = vector.bytes
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            var driver = SessionDriver.opened()
            let replies = driver.send(bytes) + driver.commit()
            let isHeader = bit < FrameHeader.byteCount * 8
            #expect(replies == (isHeader ? ["CLOSE HEADER_CORRUPT", "halfClose"] : ["ACK 1 CORRUPT"]), "bit \(bit)")
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
    }
}
