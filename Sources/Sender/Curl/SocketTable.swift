import Glibc
import Threading

/// The sockets of one multi handle, by descriptor.
///
/// The kernel uses a descriptor's number again as soon as it is closed, so each opening gets a new generation: an event
/// that was already taken for the old socket is not taken for the new one's.
package struct SocketTable {
    struct Entry {
        var generation: UInt32 = 0
        var isOpen = false
        /// What the poller watches it for. An idle socket stays watched for reading: taking it out and in again costs a
        /// fifth of a request.
        var watched: Poller.Readiness = []
        /// What libcurl wants; nothing between requests.
        var wanted: Poller.Readiness = []
        /// Of a closed socket: whether TCP had connected.
        var reachedPeer = false
    }

    private var entries: [Entry] = []
    private let firstGeneration: UInt32

    /// A generation has 28 bits of a token: above them lie `TokenMark`'s.
    private static let generationMask: UInt32 = 0x0FFF_FFFF

    /// - Parameter firstGeneration: of a descriptor that was never opened.
    package init(firstGeneration: UInt32 = 0) { self.firstGeneration = firstGeneration }

    subscript(descriptor: CInt) -> Entry {
        get { Int(descriptor) < entries.count ? entries[Int(descriptor)] : Entry(generation: firstGeneration) }
        set {
            while entries.count <= Int(descriptor) { entries.append(Entry(generation: firstGeneration)) }
            entries[Int(descriptor)] = newValue
        }
    }

    /// A new socket under this number.
    package mutating func opened(_ descriptor: CInt) {
        closed(descriptor)
        self[descriptor].isOpen = true
    }

    /// The socket is about to be closed; the kernel takes it out of the poller.
    package mutating func closed(_ descriptor: CInt) {
        self[descriptor] = Entry(generation: (self[descriptor].generation &+ 1) & SocketTable.generationMask)
    }

    /// The same, called from within libcurl while the socket still exists.
    mutating func closing(_ descriptor: CInt) {
        closed(descriptor)
        self[descriptor].reachedPeer = SocketTable.hasPeer(descriptor)
    }

    /// Whether TCP had connected: for an open socket, or for one that was closed and whose number was not used again.
    func reachedPeer(_ descriptor: CInt) -> Bool {
        self[descriptor].isOpen ? SocketTable.hasPeer(descriptor) : self[descriptor].reachedPeer
    }

    /// getpeername(2) succeeds as soon as TCP has connected.
    private static func hasPeer(_ descriptor: CInt) -> Bool {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
        }
    }

    /// The poller's token of this socket, without a mark.
    package func token(of descriptor: CInt) -> UInt64 {
        UInt64(self[descriptor].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    /// The descriptor of a token without its mark; nil: that socket is closed.
    package func descriptor(of token: UInt64) -> CInt? {
        let descriptor = CInt(bitPattern: UInt32(truncatingIfNeeded: token))
        return self[descriptor].generation == UInt32(truncatingIfNeeded: token >> 32) ? descriptor : nil
    }
}
