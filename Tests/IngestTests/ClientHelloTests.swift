import Ingest
import NIOCore
import Testing
import WebhookModel

/// The first bytes on a TLS port, read byte by byte.
@Suite struct ClientHelloTests {
    /// A field after its own length, which has this many bytes.
    private static func vector(_ lengthBytes: Int, _ bytes: [UInt8]) -> [UInt8] {
        (0..<lengthBytes).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    }

    /// A ClientHello's handshake message.
    private static func message(extensions: [UInt8]) -> [UInt8] {
        let body =
            [3, 3] + [UInt8](repeating: 7, count: 32) + vector(1, [1, 2, 3]) + vector(2, [0x13, 0x01, 0x13, 0x02])
            + vector(1, [0]) + vector(2, extensions)
        return [1] + vector(3, body)
    }

    private static func alpn(_ names: [String]) -> [UInt8] {
        [0, 16] + vector(2, vector(2, names.flatMap { vector(1, Array($0.utf8)) }))
    }

    private static let versions: [UInt8] = [0, 43] + vector(2, [2, 3, 4])

    private static func records(_ message: [UInt8], of size: Int = 16_384) -> [UInt8] {
        stride(from: 0, to: message.count, by: size).flatMap { start in
            [22, 3, 1] + vector(2, Array(message[start..<min(start + size, message.count)]))
        }
    }

    private func look(_ bytes: [UInt8]) -> ClientHello.Look {
        ClientHello.look(ByteBuffer(bytes: bytes).readableBytesView)
    }

    private static let offering = message(extensions: versions + alpn(["h2", "needletail/1"]))
    private static let offers = ClientHello.Look.hello(
        ClientHello(offers: [Array("h2".utf8), Array("needletail/1".utf8)]))

    @Test(arguments: [1, 2, 3, 50, 16_384])
    func offersAreReadHoweverTheBytesAreSplit(size: Int) {
        let bytes = Self.records(Self.offering, of: size)
        #expect(look(bytes) == Self.offers)
        // What follows does not matter.
        #expect(look(bytes + [99]) == Self.offers)
        for count in 0..<bytes.count { #expect(look(Array(bytes.prefix(count))) == .incomplete, "\(count) bytes") }
    }

    @Test(arguments: [
        message(extensions: []), message(extensions: versions),
        // An extension that is longer than all of them, and a name list cut off.
        message(extensions: [0, 16, 0, 99]), message(extensions: [0, 16, 0, 1, 0]),
        // A ServerHello, and one that ends in the middle.
        [2, 0, 0, 2, 3, 3], [1, 0, 0, 2, 3, 3],
    ])
    func aHelloWithoutOffersIsPassedOn(message: [UInt8]) {
        #expect(look(Self.records(message)) == .hello(ClientHello(offers: nil)))
    }

    @Test func anEmptyListIsAnOffer() {
        #expect(look(Self.records(Self.message(extensions: Self.alpn([])))) == .hello(ClientHello(offers: [])))
    }

    @Test func anEndlessHelloIsPassedOn() {
        let head: [UInt8] = [22, 3, 1, 0, 4, 1, 0xFF, 0xFF, 0xFF]
        let endless = head + [UInt8](repeating: 22, count: Limits.clientHelloBytes)
        #expect(look(endless) == .hello(ClientHello(offers: nil)))
        // A client could send empty fragments for ever.
        #expect(look(head + [22, 3, 1, 0, 0]) == .hello(ClientHello(offers: nil)))
        // An alert after half a ClientHello is left to TLS.
        #expect(look(head + [21, 3, 1, 0, 2, 2, 0]) == .hello(ClientHello(offers: nil)))
    }

    @Test(arguments: [[0x89, 0x4E], Array("GET / HTTP/1.1".utf8), [0], [23, 3, 3]])
    func otherFirstBytesArePlaintext(bytes: [UInt8]) { #expect(look(bytes) == .plaintext) }
}
