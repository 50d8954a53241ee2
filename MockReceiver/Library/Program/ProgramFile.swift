import WebhookSigning
import Yams

/// Reads a behaviour program from YAML, and so from JSON, which is a part of it. The language: <doc:Programs>.
///
/// ```yaml
/// seed: 7                          # same seed, same faults
/// rules:                           # the first that holds for a request; none: 200
///   - path: /orders/*              # exact, or a prefix and *
///     when: {attempt: 1..2, percent: 50}
///     status: 503
///     retry_after: 2
///   - path: /slow
///     delay: {lognormal: {median: 50ms, sigma: 1}}
///   - path: /broken
///     fault: truncated_chunk
/// connections:                     # before any request is read
///   - {fault: reset, percent: 1}
/// secrets:                         # absent: those known before stay
///   - path: "*"
///     scheme: standard
///     secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
/// ```
public enum ProgramFile {
    /// The most bytes of a file.
    public static let mostBytes = 4 * 1024 * 1024
    /// The most members of each list, because the first request of a path checks every rule.
    public static let mostRules = 10_000

    /// - Throws: every mistake found, each with its line and column.
    public static func parse(_ text: String) throws(ProgramError) -> BehaviourProgram {
        guard text.utf8.count <= mostBytes else {
            throw ProgramError([
                ProgramError.Mistake(line: 1, column: 1, text: "the program is over \(mostBytes) bytes")
            ])
        }
        let notes = ProgramNotes()
        guard let node = try compose(text), !(node.scalar?.string.isEmpty ?? false) else { return BehaviourProgram() }
        let program = program(node, notes)
        guard let program, notes.mistakes.isEmpty else { throw ProgramError(notes.mistakes.inOrder) }
        return program
    }

    /// The text's node. Anchors are refused: a few hundred bytes of aliases can expand into more than any memory holds.
    static func compose(_ text: String) throws(ProgramError) -> Node? {
        if let anchor = YAMLAnchor.first(in: text) {
            throw ProgramError([
                ProgramError.Mistake(
                    line: anchor.line, column: anchor.column,
                    text: "anchors (&name) are not allowed; write it out, or quote a text that begins with &")
            ])
        }
        do {
            return try Yams.compose(yaml: text)
        } catch {
            throw ProgramError([ProgramError.Mistake(error)])
        }
    }

    private static func program(_ node: Node, _ notes: ProgramNotes) -> BehaviourProgram? {
        let keys = ["seed", "reset_on_accept_percent", "handshakes", "connections", "rules", "secrets", "expect"]
        guard let mapping = ProgramMapping(node, "the program", keys: keys, notes) else { return nil }
        var program = BehaviourProgram()
        program.seed = UInt64(mapping.integer("seed", in: 0...Int.max) ?? 1)
        program.resetOnAccept = (mapping.number("reset_on_accept_percent", in: 0...100) ?? 0) / 100
        program.handshakes = handshakes(mapping)
        program.rules = rules(mapping)
        program.connections =
            mapping.sections("connections", keys: ConnectionRule.keys, most: mostRules)?.compactMap(connectionRule)
            ?? []
        program.secrets =
            mapping.sections("secrets", keys: ["path", "scheme", "secrets"], most: mostRules)?.compactMap(secretRule)
        program.expectations =
            mapping.sections("expect", keys: ExpectedConduct.keys, most: mostRules)?.compactMap(expectation) ?? []
        return program
    }

    private static func secretRule(_ mapping: ProgramMapping) -> BehaviourProgram.SecretRule? {
        guard mapping.has("secrets") else {
            mapping.notes.add(mapping.node, "secrets is missing; expected a list of whsec_… strings")
            return nil
        }
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

    private static func expectation(_ mapping: ProgramMapping) -> ExpectedConduct? {
        guard let pattern = mapping.pattern("path") else { return nil }
        var expectation = ExpectedConduct(pattern)
        expectation.gaps = mapping.durations("gaps", in: 0...30 * Behaviour.mostDelay) ?? []
        expectation.tolerance =
            mapping.number("tolerance_percent", in: 0...100).map { $0 / 100 } ?? expectation.tolerance
        expectation.mostInFlight = mapping.integer("most_in_flight", in: 1...1_000_000)
        if let order = mapping.section("order", keys: ["key", "number"]) {
            guard let key = order.text("key"), let number = order.text("number") else {
                mapping.note(
                    "order",
                    "expected {key: HEADER, number: HEADER}: the header with the key, and the header with the number within it"
                )
                return nil
            }
            expectation.order = ExpectedConduct.Ordering(keyHeader: key, numberHeader: number)
        }
        expectation.occurredAt = mapping.section("occurred_at", keys: ["header", "member"]).flatMap(source)
        return expectation
    }

    private static func source(_ mapping: ProgramMapping) -> ExpectedConduct.Source? {
        if let name = mapping.text("header") { return .header(name.lowercased()) }
        if let name = mapping.text("member") { return .member(name) }
        mapping.notes.add(mapping.node, "occurred_at: expected {header: NAME} or {member: NAME of the JSON body}")
        return nil
    }
}

extension ExpectedConduct {
    static let keys = ["path", "gaps", "tolerance_percent", "most_in_flight", "order", "occurred_at"]
}

extension [ProgramError.Mistake] {
    /// In the order of the file, each once.
    var inOrder: [ProgramError.Mistake] {
        var seen: [ProgramError.Mistake] = []
        for mistake in sorted(by: { ($0.line, $0.column, $0.text) < ($1.line, $1.column, $1.text) })
        where seen.last != mistake {
            seen.append(mistake)
        }
        return seen
    }
}
