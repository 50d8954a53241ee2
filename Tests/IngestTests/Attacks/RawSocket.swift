import Glibc
import NIOCore
import WireProtocol

/// A producer that is only a descriptor: ten thousand of them cost this process no memory. Calls block, ten seconds at
/// most.
struct RawSocket {
    struct Failure: Error { var call: String, code: Int32 }

    let descriptor: Int32

    /// Connects and sends nothing.
    ///
    /// - Parameters:
    ///   - host: the last byte of our own address, 127.0.0.host.
    ///   - receiveBytes: how much the kernel keeps of what we leave unread.
    init(port: Int, host: UInt8 = 1, receiveBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        if let receiveBytes { set(SO_RCVBUF, receiveBytes) }
        set(SO_RCVTIMEO_OLD, timeval(tv_sec: 10, tv_usec: 0))
        set(SO_SNDTIMEO_OLD, timeval(tv_sec: 10, tv_usec: 0))
        // A reset instead of TIME_WAIT: ten thousand ports must be free again for the next run.
        set(SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        try call("bind", with: RawSocket.address(host: host, port: 0), bind)
        try call("connect", with: RawSocket.address(host: 1, port: port), connect)
    }

    /// Connects, and reads up to WELCOME.
    static func welcomed(port: Int, receiveBytes: Int32? = nil) throws -> RawSocket {
        let socket = try RawSocket(port: port, receiveBytes: receiveBytes)
        try socket.send(RawSocket.greeting)
        let replies = try socket.replies(2)
        guard replies == ["preface", "WELCOME 1"] else { throw Failure(call: "\(replies)", code: 0) }
        return socket
    }

    /// Preface and HELLO.
    static let greeting: [UInt8] = {
        var hello = ByteBuffer(bytes: Preface.bytes)
        Hello(apiKey: "key-of-acme", clientName: "attack").write(to: &hello, requestID: 1)
        return Array(hello.readableBytesView)
    }()

    // MARK: Bytes

    /// Sends everything, or throws when the server has gone.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(call: "send", code: errno) }
            sent += count
        }
    }

    /// Sends what the kernel takes at once of the bytes from this one on. Returns how many those were.
    func sendIfRoom(_ bytes: [UInt8], from start: Int) -> Int {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return bytes.withUnsafeBytes { bytes in
            max(0, Glibc.send(descriptor, bytes.baseAddress! + start, bytes.count - start, flags))
        }
    }

    /// Reads this many replies. The server's end counts as the reply `end`, and is the last.
    func replies(_ count: Int) throws -> [String] {
        var replies: [String] = []
        while replies.count < count, replies.last != "end" { replies.append(try reply()) }
        return replies
    }

    /// Reads one reply and not a byte more. The preface is recognised by its first byte, which begins no frame of a server.
    private func reply() throws -> String {
        guard var bytes = try read(8) else { return "end" }
        if bytes == Preface.bytes { return "preface" }
        bytes += try read(FrameHeader.byteCount - 8) ?? []
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        if length > 0 { bytes += try read(length) ?? [] }
        return try bytes.withUnsafeBytes { bytes in
            guard case .frame(let frame) = try FrameDecoder(bodyLimit: 1 << 20).next(in: bytes) else { return "half" }
            return SessionDriver.text(frame)
        }
    }

    /// Nil: the server's end.
    private func read(_ count: Int) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = recv(descriptor, &bytes, count, Int32(MSG_WAITALL))
        if got == 0 || (got < 0 && errno == ECONNRESET) { return nil }
        guard got == count else { throw Failure(call: "recv", code: errno) }
        return bytes
    }

    /// Ends our direction only.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Resets the connection.
    func close() { Glibc.close(descriptor) }

    // MARK: The system's calls

    private func set<Value>(_ option: Int32, _ value: Value) {
        withUnsafeBytes(of: value) { bytes in
            _ = setsockopt(descriptor, SOL_SOCKET, option, bytes.baseAddress, socklen_t(bytes.count))
        }
    }

    /// The bytes of a `sockaddr_in` (ip(7)). Two C modules in reach declare the type, and which one a build takes varies.
    private static func address(host: UInt8, port: Int) -> [UInt8] {
        let family = withUnsafeBytes(of: sa_family_t(AF_INET)) { Array($0) }
        let port = withUnsafeBytes(of: UInt16(port).bigEndian) { Array($0) }
        return family + port + [127, 0, 0, host] + [UInt8](repeating: 0, count: 8)
    }

    private func call(
        _ name: String, with address: [UInt8],
        _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32
    ) throws {
        let result = address.withUnsafeBytes { bytes in
            function(descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard result == 0 else { throw Failure(call: name, code: errno) }
    }
}
