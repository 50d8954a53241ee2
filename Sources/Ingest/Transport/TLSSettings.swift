/// What an operator says about TLS on the ingest port. Files are PEM.
public struct TLSSettings: Sendable, Equatable {
    /// Whether a producer must show a certificate of its own (RFC 8446, 4.3.2).
    public enum ClientCertificates: String, Sendable, CaseIterable {
        /// Not asked for.
        case none
        /// Asked for; one that is shown must be valid.
        case optional
        /// No connection without one.
        case required
    }

    /// The server's certificate, then the intermediate ones.
    public var certificateFile: String
    /// Its private key, without a passphrase.
    public var keyFile: String
    /// The authorities that client certificates must come from; needed unless they are not asked for.
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

/// A file of TLS that cannot be used: for the operator, with the mend.
public struct TLSFileError: Error, Equatable, Sendable, CustomStringConvertible {
    public let path: String
    /// What is wrong, and what to do.
    public let reason: String

    public var description: String { "TLS: \(path): \(reason)" }
}
