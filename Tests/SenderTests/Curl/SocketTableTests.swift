import Sender
import Testing

/// Tokens of sockets, and the marks that share their bits.
@Suite("Socket table")
struct SocketTableTests {
    @Test(
        "a token has no bit of a mark after any number of sockets under one descriptor",
        arguments: [UInt32(0), 0x0FFF_FFFF, 1 << 28, 1 << 29, 1 << 30, UInt32.max])
    func marks(generation: UInt32) {
        var sockets = SocketTable(firstGeneration: generation)
        for _ in 0..<3 {
            sockets.opened(7)
            let token = sockets.token(of: 7)
            #expect(token >> 60 == 0)
            #expect(sockets.descriptor(of: token) == 7)
            sockets.closed(7)
            #expect(sockets.descriptor(of: token) == nil)
        }
    }
}
