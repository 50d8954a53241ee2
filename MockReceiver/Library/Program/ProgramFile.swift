import WebhookSigning
import Yams

/// Reads a behaviour program from YAML, and so from JSON, which is a part of it.
///
/// ```yaml
/// seed: 7                        # same seed, same faults
/// reset_on_accept_percent: 0     # of connections
/// rules:                         # the first that matches a path holds; no match: 200
///   - path: /orders/*            # exact, or a prefix and *
///     status: 200
///     headers: {x-receiver: mock}
///     body: ok
///     delay_ms: 20
///     fail_first: 2              # attempts of each webhook id
///     fail_percent: 5            # of the other attempts
///     fail_status: 429
///     fail_headers: {retry-after: "2"}
///   - path: /broken
///     reset: true                # instead of an answer; fail_reset: true for failing attempts
/// secrets:                       # absent: those known before stay
///   - path: "*"
///     scheme: standard           # which headers and texts; standard when absent
///     secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
/// ```
public enum ProgramFile {
    /// Bytes of a file at most.
    public static let mostBytes = 4 * 1024 * 1024

    /// - Throws: every mistake found, each with its line and column.
    public static func parse(_ text: String) throws(ProgramError) -> BehaviourProgram {
        guard text.utf8.count <= mostBytes else {
            throw ProgramError([ProgramError.Mistake(line: 1, column: 1, text: "the program is over \(mostBytes) bytes")])
        }
        let notes = ProgramNotes()
        guard let node = try compose(text) else { return BehaviourProgram() }
        let program = program(ProgramMapping(node, notes))
        guard notes.mistakes.isEmpty else { throw ProgramError(notes.mistakes) }
        return program
    }

    private static func compose(_ text: String) throws(ProgramError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch {
            throw ProgramError([ProgramError.Mistake(error)])
        }
    }

    private static func program(_ mapping: ProgramMapping) -> BehaviourProgram {
        mapping.allow(["seed", "reset_on_accept_percent", "rules", "secrets"])
        var program = BehaviourProgram()
        program.seed = UInt64(mapping.integer("seed", in: 0...Int.max) ?? 1)
        program.resetOnAccept = (mapping.number("reset_on_accept_percent", in: 0...100) ?? 0) / 100
        program.rules = mapping.mappings("rules")?.compactMap(rule) ?? []
        program.secrets = mapping.mappings("secrets")?.compactMap(secretRule)
        return program
    }

    private static func rule(_ mapping: ProgramMapping) -> BehaviourProgram.Rule? {
        mapping.allow([
            "path", "status", "headers", "body", "reset", "delay_ms", "fail_first", "fail_percent", "fail_status",
            "fail_headers", "fail_body", "fail_reset",
        ])
        var behaviour = Behaviour()
        behaviour.reply = reply(mapping, prefix: "", status: 200)
        behaviour.failure = reply(mapping, prefix: "fail_", status: 503)
        behaviour.delay = mapping.integer("delay_ms", in: 0...Behaviour.mostDelay) ?? 0
        behaviour.failFirst = mapping.integer("fail_first", in: 0...1_000_000) ?? 0
        behaviour.failShare = (mapping.number("fail_percent", in: 0...100) ?? 0) / 100
        return mapping.pattern("path").map { BehaviourProgram.Rule($0, behaviour) }
    }

    private static func reply(_ mapping: ProgramMapping, prefix: String, status: Int) -> Behaviour.Reply {
        let answer = Answer(
            status: mapping.integer(prefix + "status", in: 200...599) ?? status,
            headers: mapping.headers(prefix + "headers"), body: mapping.text(prefix + "body") ?? "")
        return mapping.flag(prefix + "reset") == true ? .reset : .answer(answer)
    }

    private static func secretRule(_ mapping: ProgramMapping) -> BehaviourProgram.SecretRule? {
        mapping.allow(["path", "scheme", "secrets"])
        guard let pattern = mapping.pattern("path"), let texts = mapping.texts("secrets") else { return nil }
        let scheme: SignatureScheme
        do {
            scheme = try SignatureScheme(written: mapping.text("scheme") ?? SignatureScheme.standard.name)
        } catch {
            mapping.note("scheme", "\(error)")
            return nil
        }
        do {
            let secrets = try SecretSet(written: texts, form: scheme.secretForm)
            return BehaviourProgram.SecretRule(pattern, secrets, scheme: scheme)
        } catch {
            mapping.note("secrets", "\(error)")
            return nil
        }
    }
}
