import Glibc
import Threading

/// One TCP connection by both its ends: what libcurl tells before a request goes out.
struct ConnectionKey: Hashable {
    let remote: IPAddress
    let remotePort: UInt16
    let local: IPAddress
    let localPort: UInt16
}

/// The sockets of one transport, by descriptor.
///
/// A descriptor's number returns as soon as it is closed, so each opening gets a new generation: an event that was
/// already taken from the kernel for the old socket is told from the new one's.
struct SocketTable {
    struct Entry {
        var generation: UInt32 = 0
        var isOpen = false
        /// What the poller watches it for. An idle socket stays watched for reading: taking it out and in again costs a
        /// fifth of a request.
        var watched: Poller.Readiness = []
        /// What libcurl wants; nothing between requests.
        var wanted: Poller.Readiness = []
        var connection: ConnectionKey?
        /// Who may use the connection; nil: whoever is led to the same address.
        var reservation: Reservation?
        var isHTTP2 = false
        /// Of a socket that is closed: whether its connection had stood.
        var reachedPeer = false
    }

    private var entries: [Entry] = []
    private var byConnection: [ConnectionKey: CInt] = [:]

    subscript(descriptor: CInt) -> Entry {
        get { Int(descriptor) < entries.count ? entries[Int(descriptor)] : Entry() }
        set {
            while entries.count <= Int(descriptor) { entries.append(Entry()) }
            entries[Int(descriptor)] = newValue
        }
    }

    /// A new socket under this number.
    mutating func opened(_ descriptor: CInt) {
        closed(descriptor)
        self[descriptor].isOpen = true
    }

    /// The socket is about to be closed; the kernel takes it out of the poller.
    mutating func closed(_ descriptor: CInt) {
        var entry = self[descriptor]
        if let connection = entry.connection, byConnection[connection] == descriptor { byConnection[connection] = nil }
        entry = Entry(generation: entry.generation &+ 1)
        self[descriptor] = entry
    }

    /// The same, told from within libcurl while the socket is still there to be asked.
    mutating func closing(_ descriptor: CInt) {
        let neverUsed = self[descriptor].connection == nil
        closed(descriptor)
        if neverUsed { self[descriptor].reachedPeer = SocketTable.hasPeer(descriptor) }
    }

    /// Whether TCP's handshake was over: of an open socket, or of one that was closed and whose number has not come back.
    func reachedPeer(_ descriptor: CInt) -> Bool {
        self[descriptor].isOpen ? SocketTable.hasPeer(descriptor) : self[descriptor].reachedPeer
    }

    /// The socket became this connection.
    mutating func connected(_ descriptor: CInt, _ connection: ConnectionKey, for reservation: Reservation? = nil) {
        self[descriptor].connection = connection
        self[descriptor].reservation = reservation
        byConnection[connection] = descriptor
    }

    /// What came over it was HTTP/2.
    mutating func speaksHTTP2(_ descriptor: CInt) {
        if self[descriptor].isOpen { self[descriptor].isHTTP2 = true }
    }

    /// getpeername(2) knows a peer as soon as TCP's handshake is over.
    private static func hasPeer(_ descriptor: CInt) -> Bool {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
        }
    }

    func descriptor(of connection: ConnectionKey) -> CInt? { byConnection[connection] }

    /// What the poller gives back with this socket's events.
    func token(of descriptor: CInt) -> UInt64 {
        UInt64(self[descriptor].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    /// The descriptor that a token means; nil when that socket is gone.
    func descriptor(of token: UInt64) -> CInt? {
        let descriptor = CInt(bitPattern: UInt32(truncatingIfNeeded: token))
        return self[descriptor].generation == UInt32(truncatingIfNeeded: token >> 32) ? descriptor : nil
    }
}
