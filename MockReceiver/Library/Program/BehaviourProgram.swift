public import WebhookSigning

/// Everything that a receiver is told to do. For each request the first matching rule applies; without one the answer
/// is a plain 200.
public struct BehaviourProgram: Sendable, Equatable {
    /// The same seed gives the same faults, at any concurrency and in any order of arrival.
    public var seed: UInt64
    public var rules: [Rule]
    /// For the signature check. The first match applies; without a match signatures are not checked. nil: the receiver
    /// keeps the secrets it had.
    public var secrets: [SecretRule]?
    /// Share of connections that are reset as soon as they are accepted, 0…1.
    public var resetOnAccept: Double
    /// What happens to connections; the first rule that applies.
    public var connections: [ConnectionRule] = []
    /// What a correct sender does; the first match applies.
    public var expectations: [ExpectedConduct] = []
    /// The handshakes that are answered correctly, unless a rule says otherwise. Others are treated like any request.
    public var handshakes = Set(Handshake.allCases)

    public struct Rule: Sendable, Equatable {
        public var pattern: PathPattern
        /// If they are not met, the next rule is tried.
        public var conditions: Conditions
        public var behaviour: Behaviour
        public init(_ pattern: PathPattern, when conditions: Conditions = .always, _ behaviour: Behaviour) {
            self.pattern = pattern
            self.conditions = conditions
            self.behaviour = behaviour
        }
    }

    public struct SecretRule: Sendable, Equatable {
        public var pattern: PathPattern
        public var secrets: SecretSet
        public var scheme: SignatureScheme

        /// - Precondition: the secrets have the form that the scheme requires.
        public init(_ pattern: PathPattern, _ secrets: SecretSet, scheme: SignatureScheme = .standard) {
            precondition(secrets.form == scheme.secretForm, "secrets of another scheme")
            self.pattern = pattern
            self.secrets = secrets
            self.scheme = scheme
        }
    }

    public init(
        rules: [Rule] = [], secrets: [SecretRule]? = nil, seed: UInt64 = 1, resetOnAccept: Double = 0
    ) {
        self.rules = rules
        self.secrets = secrets
        self.seed = seed
        self.resetOnAccept = resetOnAccept
    }

    /// One behaviour, and optionally one set of secrets, for every path.
    public init(everywhere behaviour: Behaviour, secrets: SecretSet? = nil, seed: UInt64 = 1) {
        self.init(
            rules: [Rule(.all, behaviour)], secrets: secrets.map { [SecretRule(.all, $0)] }, seed: seed)
    }
}
