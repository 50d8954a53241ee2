public import WebhookModel

/// The API key that a client has proved to have.
public struct Authentication: Sendable {
    public let key: APIKey
    /// The entry of the key's `clientCertificates` that matched; nil: the client showed the key itself.
    public let certificateName: String?

    public init(key: APIKey, certificateName: String? = nil) {
        self.key = key
        self.certificateName = certificateName
    }
}

/// Finds the API key of a client; nil: what it showed belongs to no key.
///
/// Called on event loops: must not block.
///
/// - Parameters:
///   - key: the key as the client sent it; empty: the client certificate decides.
///   - clientCertificate: verified in the TLS handshake (DER); nil: none was shown.
public typealias Authenticator = @Sendable (_ key: [UInt8], _ clientCertificate: [UInt8]?) -> Authentication?
