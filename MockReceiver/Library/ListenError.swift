import Glibc
import NIOCore

/// A port could not be opened.
public struct ListenError: Error, Equatable, CustomStringConvertible {
    public enum Port: String, Sendable { case data, tls, admin }

    public let which: Port
    public let host: String
    public let port: Int
    /// The system's words.
    public let reason: String

    init(_ which: Port, host: String, port: Int, _ error: any Error) {
        self.which = which
        self.host = host
        self.port = port
        reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }

    public var description: String { "cannot listen on \(host):\(port) for the \(which) port: \(reason)" }
}
