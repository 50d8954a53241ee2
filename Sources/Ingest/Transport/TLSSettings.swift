/// TLS on the ingest port. Files are PEM.
public struct TLSSettings: Sendable, Equatable {
    /// Whether a producer must show its own certificate (RFC 8446, 4.3.2).
    public enum ClientCertificates: String, Sendable, CaseIterable {
        /// Not requested.
        case none
        /// Requested; a certificate that is shown must be valid.
        case optional
        /// A connection without one is refused.
        case required
    }

    /// The server's certificate, then the intermediate ones.
    public var certificateFile: String
    /// Its private key, without a passphrase.
    public var keyFile: String
    /// The authorities that must have issued client certificates; needed unless `clientCertificates` is `none`.
    public var clientCAFile: String?
    public var clientCertificates: ClientCertificates

    public init(
        certificateFile: String, keyFile: String, clientCAFile: String? = nil,
        clientCertificates: ClientCertificates = .none
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
        self.clientCertificates = clientCertificates
    }
}

/// A TLS file that cannot be used, and what the operator can do.
public struct TLSFileError: Error, Equatable, Sendable, CustomStringConvertible {
    public let path: String
    /// What is wrong, and what to do.
    public let reason: String

    public var description: String { "TLS: \(path): \(reason)" }
}
