import Glibc
import NIOPosix

/// A connection without an event loop between it and the kernel: NIO looks for a reset before it reads what came before it.
enum BlockingClient {
    private struct Failure: Error {
        let call: String
        let code: Int32
    }

    /// Sends the text at once and reads to the end, for ten seconds at most.
    static func talk(to port: Int, _ request: String) async throws -> (text: String, end: RawClient.End) {
        try await NIOThreadPool.singleton.runIfActive {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
            defer { close(descriptor) }
            var limit = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            let connected = withUnsafeBytes(of: &address) { bytes in
                connect(
                    descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
            }
            guard connected == 0 else { throw Failure(call: "connect", code: errno) }
            let bytes = Array(request.utf8)
            guard write(descriptor, bytes, bytes.count) == bytes.count else {
                throw Failure(call: "write", code: errno)
            }
            return try readAll(descriptor)
        }
    }

    private static func readAll(_ descriptor: Int32) throws -> (text: String, end: RawClient.End) {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 {
                text += buffer[..<count]
            } else if count == 0 {
                return (String(decoding: text, as: UTF8.self), .closed)
            } else if errno == ECONNRESET {
                return (String(decoding: text, as: UTF8.self), .reset)
            } else {
                throw Failure(call: "read", code: errno)
            }
        }
    }
}
