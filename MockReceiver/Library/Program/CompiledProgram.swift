import WebhookSigning

/// A program with its replies rendered, for one epoch of the receiver.
struct CompiledProgram: Sendable {
    let dice: FaultDice
    let connections: [ConnectionRule]
    let secrets: [BehaviourProgram.SecretRule]
    let expectations: [ExpectedConduct]
    /// The handshakes that are answered.
    let handshakes: Set<Handshake>
    /// Whether a rule may apply before a request is whole.
    let isEarly: Bool
    private let rules: [CompiledRule]
    /// Those that may apply to requests that carry no message.
    private let otherRules: [CompiledRule]
    private let otherwise: CompiledRule

    init(_ program: BehaviourProgram) {
        dice = FaultDice(seed: program.seed)
        let resets = program.resetOnAccept > 0 ? [ConnectionRule(.reset, share: Share(program.resetOnAccept))] : []
        connections = program.connections + resets
        let all = program.rules.enumerated().map { CompiledRule($1, number: $0) }
        rules = all.filter(\.canHoldForMessages)
        isEarly = rules.contains(where: \.isEarly)
        otherRules = all.filter(\.canHoldForOthers)
        handshakes = program.handshakes
        otherwise = CompiledRule(BehaviourProgram.Rule(.all, Behaviour()), number: program.rules.count)
        secrets = program.secrets ?? []
        expectations = program.expectations
    }

    /// The rules that may apply to the path's messages, in order. The last one always applies.
    func rules(of path: String) -> [CompiledRule] {
        var found: [CompiledRule] = []
        for rule in rules where rule.pattern.matches(path) {
            found.append(rule)
            if rule.isUnconditional { return found }
        }
        return found + [otherwise]
    }

    /// The rules that may apply to the path's requests that carry no message, in order.
    func otherRules(of path: String) -> [CompiledRule] { otherRules.filter { $0.pattern.matches(path) } }

    /// The number of the secret rule that applies to the path.
    func secretRule(of path: String) -> Int? {
        secrets.firstIndex { $0.pattern.matches(path) }
    }

    func expectation(of path: String) -> ExpectedConduct? { expectations.first { $0.pattern.matches(path) } }
}

/// A rule with its replies rendered.
final class CompiledRule: Sendable {
    let pattern: PathPattern
    /// Its place in the program, so that different rules get different random numbers.
    let number: Int
    let isUnconditional: Bool
    let reply: RenderedReply
    let failure: RenderedReply
    let delay: Delay
    let rateLimit: RateLimit?
    private let conditions: Conditions
    private let failFirst: Int
    private let failShare: Double

    init(_ rule: BehaviourProgram.Rule, number: Int) {
        pattern = rule.pattern
        self.number = number
        conditions = rule.conditions
        isUnconditional = rule.conditions == .always
        reply = RenderedReply(rule.behaviour.reply)
        failure = RenderedReply(rule.behaviour.failure)
        delay = rule.behaviour.delay
        rateLimit = rule.behaviour.rateLimit
        failFirst = rule.behaviour.failFirst
        failShare = rule.behaviour.failShare
    }

    /// Whether it may apply before a request is whole.
    var isEarly: Bool { reply.isEarly || failure.isEarly }

    var canHoldForMessages: Bool { conditions.canHoldForMessages }
    var canHoldForOthers: Bool { conditions.canHoldForOthers }
    var asksHandshake: Bool { !conditions.handshakes.isEmpty }
    var asksType: Bool { !conditions.eventTypes.isEmpty }
    var asksTenant: Bool { !conditions.tenants.isEmpty }

    /// The reply to every request, if the rule has nothing to decide.
    var onlyReply: RenderedReply? {
        let isPlain = isUnconditional && delay == .none && failFirst == 0 && failShare == 0 && rateLimit == nil
        return isPlain && !reply.isDynamic ? reply : nil
    }

    /// What a rule uses besides the message.
    struct Moment {
        let subject: FaultDice.Subject
        /// Requests of the path, including this one.
        let requests: Int
        /// Milliseconds since the program began.
        let elapsed: Int
        let dice: FaultDice
    }

    /// Whether the rule applies to this request.
    func holds(_ request: RequestView, _ moment: Moment) -> Bool {
        guard !isUnconditional else { return true }
        guard conditions.methods.isEmpty || holds(conditions.methods, request.method),
            conditions.handshakes.isEmpty || request.handshake.map(conditions.handshakes.contains) ?? false
        else { return false }
        if let attempts = conditions.attempts, !attempts.contains(moment.subject.attempt) { return false }
        if let requests = conditions.requests, !requests.contains(moment.requests) { return false }
        if let window = conditions.window, !window.contains(moment.elapsed) { return false }
        for header in conditions.headers where !holds(header, request) { return false }
        guard holds(conditions.eventTypes, request.eventType), holds(conditions.tenants, request.tenant) else {
            return false
        }
        let share = conditions.share.value(moment.elapsed)
        return share >= 1 || moment.dice.roll(.share(rule: number), moment.subject) < share
    }

    /// The reply to this attempt.
    func reply(_ moment: Moment) -> RenderedReply {
        let attempt = moment.subject.attempt
        if attempt > 0, attempt <= failFirst { return failure }
        guard failShare > 0 else { return reply }
        return moment.dice.roll(.failure(rule: number), moment.subject) < failShare ? failure : reply
    }

    private func holds(_ methods: [String], _ method: UnsafeRawBufferPointer) -> Bool {
        methods.contains { method.elementsEqual($0.utf8) }
    }

    private func holds(_ condition: HeaderCondition, _ request: RequestView) -> Bool {
        let name = Array(condition.name.utf8)
        return request.fields.contains { field in
            HTTPGrammar.equal(request.bytes, field.name, name) && condition.value.matches(request.bytes[field.value])
        }
    }

    private func holds(_ patterns: [TextPattern], _ text: UnsafeRawBufferPointer?) -> Bool {
        guard !patterns.isEmpty else { return true }
        return text.map { text in patterns.contains { $0.matches(text) } } ?? false
    }
}
