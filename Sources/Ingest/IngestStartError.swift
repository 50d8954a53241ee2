/// Why the ingest port cannot be opened, and what the operator can do.
public enum IngestStartError: Error, Equatable, Sendable, CustomStringConvertible {
    case cannotBind(host: String, port: Int, reason: String)
    case plaintextBeyondLoopback(host: String)
    case unixSocket(path: String, reason: String)
    case tls(TLSFileError)
    case contradiction(String)

    public var description: String {
        switch self {
        case .cannotBind(let host, let port, let reason):
            "the ingest port cannot listen on \(host):\(port): \(reason); free the port or choose another (ingest.port)"
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
}
