import Glibc

/// Why the ingest port cannot be opened, and what the operator can do.
public enum IngestStartError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system refused to listen (bind(2), listen(2)).
    case cannotBind(host: String, port: Int, code: CInt)
    case unknownHost(String)
    case plaintextBeyondLoopback(host: String)
    case unixSocket(path: String, reason: String)
    case tls(TLSFileError)
    case contradiction(String)

    public var description: String {
        switch self {
        case .cannotBind(let host, let port, let code): IngestStartError.text(host: host, port: port, code: code)
        case .unknownHost(let host):
            "the host \(host) to listen on is not known; choose an address of this machine (--ingest-host)"
        case .plaintextBeyondLoopback(let host):
            """
            the ingest port would use plaintext on \(host), which other machines can reach; configure a certificate \
            (ingest.tls.certificate), listen on 127.0.0.1, or set ingest.allow_plaintext
            """
        case .unixSocket(let path, let reason): "the Unix socket \(path) (ingest.unix_socket): \(reason)"
        case .tls(let error): error.description
        case .contradiction(let text): "the ingest limits contradict each other: \(text)"
        }
    }

    private static func text(host: String, port: Int, code: CInt) -> String {
        let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return switch code {
        case EADDRINUSE: "\(place) is in use by another process; stop it or choose --ingest-port"
        case EADDRNOTAVAIL: "\(place): this machine does not have the address; choose one of its own (--ingest-host)"
        case EACCES:
            "\(place): this user may not listen on the port; choose --ingest-port above 1023, or give the process the capability CAP_NET_BIND_SERVICE"
        default: "\(place): \(String(cString: strerror(code))); choose --ingest-host and --ingest-port"
        }
    }
}
