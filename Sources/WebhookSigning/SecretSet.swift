import WebhookModel

/// The live secrets of one endpoint, newest first: while a secret is rotated, old and new sign together.
public struct SecretSet: Sendable, Hashable {
    public let secrets: [SigningSecret]

    /// Live secrets at most.
    public static let most = Limits.liveSecrets

    /// - Throws: `noSecret` or `tooManySecrets`.
    public init(_ secrets: [SigningSecret]) throws(SigningSecretError) {
        guard !secrets.isEmpty else { throw .noSecret }
        guard secrets.count <= SecretSet.most else { throw .tooManySecrets(secrets.count) }
        self.secrets = secrets
    }

    /// Reads written secrets (`whsec_…`).
    ///
    /// - Throws: the first mistake, never the secret itself.
    public init(written texts: [String]) throws(SigningSecretError) {
        var secrets: [SigningSecret] = []
        for text in texts { secrets.append(try SigningSecret(text)) }
        try self.init(secrets)
    }
}
