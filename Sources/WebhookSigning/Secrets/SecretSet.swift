import WebhookModel

/// The live secrets of one endpoint, newest first: while a secret is rotated, old and new sign together.
public struct SecretSet: Sendable, Hashable {
    /// A secret and, for one that is being replaced, its end.
    public struct Member: Sendable, Hashable {
        public let secret: SigningSecret
        /// Unix seconds from which on it neither signs nor verifies; nil: until it is taken out of the set.
        public let until: Int64?

        public init(_ secret: SigningSecret, until: Int64? = nil) {
            self.secret = secret
            self.until = until
        }
    }

    public let members: [Member]
    /// How all of them are written.
    public let form: SecretForm

    public var secrets: [SigningSecret] { members.map(\.secret) }
    /// Whether each has what signing needs.
    public var canSign: Bool { members.allSatisfy(\.secret.canSign) }

    /// Live secrets at most.
    public static let most = Limits.liveSecrets

    /// - Parameter members: newest first. The newest has no end, so that a message is never left without a signature.
    /// - Throws: `noSecret`, `tooManySecrets`, `mixedForms` or `newestExpires`.
    public init(members: [Member]) throws(SigningSecretError) {
        guard let newest = members.first else { throw .noSecret }
        guard members.count <= SecretSet.most else { throw .tooManySecrets(members.count) }
        guard members.allSatisfy({ $0.secret.form == newest.secret.form }) else { throw .mixedForms }
        guard newest.until == nil else { throw .newestExpires }
        self.members = members
        form = newest.secret.form
    }

    /// Secrets without an end.
    ///
    /// - Throws: `noSecret`, `tooManySecrets` or `mixedForms`.
    public init(_ secrets: [SigningSecret]) throws(SigningSecretError) {
        try self.init(members: secrets.map { Member($0) })
    }

    /// Reads written secrets, without an end.
    ///
    /// - Throws: the first mistake, never the secret itself.
    public init(written texts: [String], form: SecretForm = .whsec) throws(SigningSecretError) {
        try self.init(written: texts.map { (text: $0, until: nil) }, form: form)
    }

    /// Reads written secrets with their ends, Unix seconds.
    ///
    /// - Throws: the first mistake, never the secret itself.
    public init(written texts: [(text: String, until: Int64?)], form: SecretForm) throws(SigningSecretError) {
        var members: [Member] = []
        for (text, until) in texts { members.append(Member(try SigningSecret(text, form: form), until: until)) }
        try self.init(members: members)
    }
}
