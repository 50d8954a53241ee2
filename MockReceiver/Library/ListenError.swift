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

    /// Whether another port would fail too, because the address does not belong to this machine.
    public let isOfAddress: Bool

    init(_ which: Port, host: String, port: Int, _ error: any Error) {
        self.which = which
        self.host = host
        self.port = port
        let isUnknown = error is SocketAddressError.UnknownHost
        isOfAddress = (error as? IOError)?.errnoCode == EADDRNOTAVAIL || error is SocketAddressError || isUnknown
        if isUnknown {
            reason = "there is no host \(host)"
        } else {
            reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        }
    }

    public var description: String { "cannot listen on \(host):\(port) for the \(which) port: \(reason)" }
}
