/// A certificate authority that outlives a receiver: made before the receiver starts, so that senders can trust it from
/// their own start on.
public struct ReceiverAuthority: Sendable, Equatable {
    /// Its certificate (PEM): what senders must trust.
    public let certificate: String
    /// Its private key (PEM).
    public let key: String

    /// A new authority, valid for thirty days.
    public init() throws {
        let authority = try ThrowawayAuthority()
        certificate = authority.pem
        key = try authority.keyPEM
    }

    /// One that was made before.
    ///
    /// - Throws: the texts are not a certificate and its P-256 key.
    public init(certificate: String, key: String) throws {
        _ = try ThrowawayAuthority(certificate: certificate, key: key)
        self.certificate = certificate
        self.key = key
    }
}
