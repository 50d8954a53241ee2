import Glibc

/// A socket whose every wait has a deadline. Knows nothing about frames. Belongs to one thread.
final class RawConnection {
    enum Received {
        case bytes([UInt8])
        /// The server has ended its direction.
        case end
        /// The server has reset the connection (RST).
        case reset
        /// The deadline has passed.
        case nothing
    }

    private let descriptor: Int32
    /// Read while we were sending; returned before anything new.
    private var inbox: [Received] = []
    private var scratch = [UInt8](repeating: 0, count: 64 * 1024)

    /// Connects.
    ///
    /// - Throws: `Unreachable`.
    init(to address: ServerAddress, until deadline: ContinuousClock.Instant) throws(Unreachable) {
        descriptor = try RawConnection.connected(to: address, until: deadline)
    }

    deinit { close(descriptor) }

    /// Sends everything, or as much as the server accepts until it ends the connection or the deadline passes.
    /// `receive` shows how the server reacted. Reads while it sends, so that a server which waits for us to read cannot
    /// block us.
    func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                let ready = wait(for: POLLIN | POLLOUT, until: deadline)
                if ready == 0 { return }
                if ready & POLLOUT == 0, let received = read() {
                    inbox.append(received)
                    guard case .bytes = received else { return }
                }
            } else if errno != EINTR {
                return
            }
        }
    }

    /// Ends our direction (FIN).
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What came, or `nothing` when the deadline passes.
    func receive(until deadline: ContinuousClock.Instant) -> Received {
        if !inbox.isEmpty { return inbox.removeFirst() }
        while true {
            if let received = read() { return received }
            if wait(for: POLLIN, until: deadline) == 0 { return .nothing }
        }
    }

    /// nil: nothing has come yet.
    private func read() -> Received? {
        while true {
            let count = recv(descriptor, &scratch, scratch.count, 0)
            if count > 0 { return .bytes(Array(scratch[..<count])) }
            if count == 0 { return .end }
            if errno == EAGAIN { return nil }
            if errno != EINTR { return .reset }
        }
    }

    /// The poll(2) events that occurred; 0: the deadline passed. An error of the socket counts as all of them.
    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) -> Int32 {
        RawConnection.wait(descriptor, for: events, until: deadline)
    }

    private static func wait(_ descriptor: Int32, for events: Int32, until deadline: ContinuousClock.Instant) -> Int32 {
        while true {
            let left = ContinuousClock.now.duration(to: deadline).milliseconds
            guard left > 0 else { return 0 }
            var item = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let count = poll(&item, 1, Int32(clamping: left))
            if count > 0 {
                let ready = Int32(item.revents)
                return ready & events != 0 ? ready & events : events
            }
            if count < 0, errno != EINTR { return events }
        }
    }
}

/// No connection could be made.
public struct Unreachable: Error, Equatable, CustomStringConvertible {
    public let address: ServerAddress
    public let reason: String

    public var description: String {
        "cannot connect to \(address): \(reason); start the server or correct the address"
    }
}

// Connecting.
extension RawConnection {
    private static func connected(
        to address: ServerAddress, until deadline: ContinuousClock.Instant
    ) throws(Unreachable) -> Int32 {
        switch address {
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            return try withUnsafeBytes(of: &name) { bytes throws(Unreachable) in
                try connected(AF_UNIX, bytes, for: address, until: deadline)
            }
        case .tcp(let host, let port):
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            hints.ai_flags = AI_NUMERICSERV
            var list: UnsafeMutablePointer<addrinfo>?
            let code = getaddrinfo(host, String(port), &hints, &list)
            guard code == 0, let list else {
                throw Unreachable(address: address, reason: String(cString: gai_strerror(code)))
            }
            defer { freeaddrinfo(list) }
            var failure = Unreachable(address: address, reason: "the name has no address")
            var next: UnsafeMutablePointer<addrinfo>? = list
            while let entry = next {
                do throws(Unreachable) {
                    let bytes = UnsafeRawBufferPointer(
                        start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
                    return try connected(entry.pointee.ai_family, bytes, for: address, until: deadline)
                } catch {
                    failure = error
                }
                next = entry.pointee.ai_next
            }
            throw failure
        }
    }

    private static func connected(
        _ family: Int32, _ name: UnsafeRawBufferPointer, for address: ServerAddress,
        until deadline: ContinuousClock.Instant
    ) throws(Unreachable) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw Unreachable(address: address, reason: String(cString: strerror(errno))) }
        var one: Int32 = 1
        // A Unix socket refuses this option, which has no meaning there.
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var code: Int32 = 0
        let length = socklen_t(name.count)
        if connect(descriptor, name.baseAddress!.assumingMemoryBound(to: sockaddr.self), length) != 0 { code = errno }
        if code == EINPROGRESS {
            code = ETIMEDOUT
            var size = socklen_t(MemoryLayout<Int32>.size)
            if wait(descriptor, for: POLLOUT, until: deadline) != 0 {
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
            }
        }
        guard code == 0 else {
            close(descriptor)
            throw Unreachable(address: address, reason: String(cString: strerror(code)))
        }
        return descriptor
    }
}

extension Duration {
    /// Rounded up: a wait of a microsecond becomes a millisecond.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
