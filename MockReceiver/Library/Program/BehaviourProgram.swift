public import WebhookSigning

/// Everything that a receiver was told to do: for each request the first matching rule holds, and where none matches a plain 200.
public struct BehaviourProgram: Sendable, Equatable {
    /// One seed gives the same faults, at any concurrency and in any order of arrival.
    public var seed: UInt64
    public var rules: [Rule]
    /// For the signature check; the first match holds, and without a match signatures go unchecked. Nil: what the receiver knew
    /// before stays.
    public var secrets: [SecretRule]?
    /// Share of connections that are reset as soon as they are accepted, 0…1.
    public var resetOnAccept: Double
    /// What befalls connections; the first that holds.
    public var connections: [ConnectionRule] = []
    /// What a lawful sender does; the first match holds.
    public var expectations: [ExpectedConduct] = []

    public struct Rule: Sendable, Equatable {
        public var pattern: PathPattern
        /// Where they do not hold, the next rule is asked.
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

        /// - Precondition: the secrets are of the form that the scheme asks for.
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

    /// One behaviour, and perhaps one set of secrets, for every path.
    public init(everywhere behaviour: Behaviour, secrets: SecretSet? = nil, seed: UInt64 = 1) {
        self.init(
            rules: [Rule(.all, behaviour)], secrets: secrets.map { [SecretRule(.all, $0)] }, seed: seed)
    }
}
