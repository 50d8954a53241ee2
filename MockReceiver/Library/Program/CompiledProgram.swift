import WebhookSigning

/// A program with its replies rendered, for one epoch of the receiver.
struct CompiledProgram: Sendable {
    let dice: FaultDice
    let resetOnAccept: Double
    private let rules: [(pattern: PathPattern, behaviour: CompiledBehaviour)]
    let secrets: [BehaviourProgram.SecretRule]
    private let otherwise = CompiledBehaviour(Behaviour())

    /// - Parameter previous: the secrets that stay where the program brings none.
    init(_ program: BehaviourProgram, previous: [BehaviourProgram.SecretRule] = []) {
        dice = FaultDice(seed: program.seed)
        resetOnAccept = program.resetOnAccept
        rules = program.rules.map { ($0.pattern, CompiledBehaviour($0.behaviour)) }
        secrets = program.secrets ?? previous
    }

    func behaviour(of path: String) -> CompiledBehaviour {
        rules.first { $0.pattern.matches(path) }?.behaviour ?? otherwise
    }

    /// The number of the secret rule that holds for the path.
    func secretRule(of path: String) -> Int? {
        secrets.firstIndex { $0.pattern.matches(path) }
    }
}

/// A behaviour with its replies rendered.
final class CompiledBehaviour: Sendable {
    let reply: RenderedReply
    let failure: RenderedReply
    let delay: Int
    private let failFirst: Int
    private let failShare: Double

    init(_ behaviour: Behaviour) {
        reply = RenderedReply(behaviour.reply)
        failure = RenderedReply(behaviour.failure)
        delay = behaviour.delay
        failFirst = behaviour.failFirst
        failShare = behaviour.failShare
    }

    /// Whether this attempt is to fail.
    ///
    /// - Parameter attempt: from 1; 0: not known, so no attempt counts as a first one.
    func fails(attempt: Int, path: UInt64, id: (UInt64, UInt64), dice: FaultDice) -> Bool {
        if attempt > 0, attempt <= failFirst { return true }
        guard failShare > 0 else { return false }
        return dice.roll(.failure, path: path, id: id, attempt: UInt64(attempt)) < failShare
    }
}
