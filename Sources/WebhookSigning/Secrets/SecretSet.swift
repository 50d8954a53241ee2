import WebhookModel

/// The live secrets of one endpoint, newest first. While a secret is rotated, old and new sign together.
public struct SecretSet: Sendable, Hashable {
    /// A secret and, if it is being replaced, its expiry time.
    public struct Member: Sendable, Hashable {
        public let secret: SigningSecret
        /// Unix seconds; from then on the secret neither signs nor verifies. nil: until it is removed from the set.
        public let until: Int64?

        public init(_ secret: SigningSecret, until: Int64? = nil) {
            self.secret = secret
            self.until = until
        }
    }

    public let members: [Member]
    /// The form in which all of them are written.
    public let form: SecretForm

    public var secrets: [SigningSecret] { members.map(\.secret) }
    /// Whether each secret can sign.
    public var canSign: Bool { members.allSatisfy(\.secret.canSign) }

    /// The most live secrets.
    public static let most = Limits.liveSecrets

    /// - Parameter members: newest first. The newest has no expiry time, so that no message is left without a
    /// signature.
    /// - Throws: `noSecret`, `tooManySecrets`, `mixedForms` or `newestExpires`.
    public init(members: [Member]) throws(SigningSecretError) {
        guard let newest = members.first else { throw .noSecret }
        guard members.count <= SecretSet.most else { throw .tooManySecrets(members.count) }
        guard members.allSatisfy({ $0.secret.form == newest.secret.form }) else { throw .mixedForms }
        guard newest.until == nil else { throw .newestExpires }
        self.members = members
        form = newest.secret.form
    }

    /// Secrets without an expiry time.
    ///
    /// - Throws: `noSecret`, `tooManySecrets` or `mixedForms`.
    public init(_ secrets: [SigningSecret]) throws(SigningSecretError) {
        try self.init(members: secrets.map { Member($0) })
    }

    /// Reads written secrets, without an expiry time.
    ///
    /// - Throws: the first mistake, never the secret itself.
    public init(written texts: [String], form: SecretForm = .whsec) throws(SigningSecretError) {
        try self.init(written: texts.map { (text: $0, until: nil) }, form: form)
    }

    /// Reads written secrets with their expiry times in Unix seconds.
    ///
    /// - Throws: the first mistake, never the secret itself.
    public init(written texts: [(text: String, until: Int64?)], form: SecretForm) throws(SigningSecretError) {
        var members: [Member] = []
        for (text, until) in texts { members.append(Member(try SigningSecret(text, form: form), until: until)) }
        try self.init(members: members)
    }
}
