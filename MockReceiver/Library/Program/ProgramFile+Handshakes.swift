import Yams

// Handshakes and methods: which requests carry no message, and what they get.
extension ProgramFile {
    /// `handshakes: on`, `off`, or those that are answered.
    static func handshakes(_ mapping: ProgramMapping) -> Set<Handshake> {
        switch mapping["handshakes"]?.scalar?.string {
        case "on", "true", "yes": return Set(Handshake.allCases)
        case "off", "false", "no": return []
        default: break
        }
        let expected = "on, off, or a list of \(known(Handshake.words))"
        let found = mapping.words("handshakes", "handshake", expected, among: Handshake.words + ["on", "off"]) {
            Handshake(rawValue: $0)
        }
        return Set(found ?? Handshake.allCases)
    }

    /// `handshake: hub`, a list, or `any`.
    static func handshakeCondition(_ mapping: ProgramMapping) -> [Handshake] {
        if mapping["handshake"]?.scalar?.string == "any" { return Handshake.allCases }
        let expected = "any, or a list of \(known(Handshake.words))"
        return mapping.words("handshake", "handshake", expected, among: Handshake.words + ["any"]) {
            Handshake(rawValue: $0)
        } ?? []
    }

    /// `method: GET`, or a list.
    static func methods(_ mapping: ProgramMapping) -> [String] {
        mapping.words("method", "method", "a list of \(known(RequestMethod.all))", among: RequestMethod.all) { word in
            RequestMethod.all.first { $0 == word.uppercased() }
        } ?? []
    }

    /// Keys that count attempts of messages say nothing in a rule that no message meets.
    static func noteMessagesOnly(_ mapping: ProgramMapping, _ conditions: Conditions) {
        guard !conditions.canHoldForMessages else { return }
        let reason = "counts messages, and this rule's `when` admits none"
        for key in ["rate_limit", "fail_first"] where mapping.has(key) { mapping.note(key, reason) }
        guard conditions.attempts != nil, let when = mapping["when"] else { return }
        let attempt = when.mapping?.first { $0.key.scalar?.string == "attempt" }?.value
        mapping.notes.add(attempt ?? when, "attempt: \(reason)")
    }

    private static func known(_ words: [String]) -> String { words.joined(separator: ", ") }
}

extension Handshake {
    static let words = allCases.map(\.word)
}

extension ProgramMapping {
    /// Words of a closed set: one, or a list of at least one. An unknown word is a mistake at its place.
    ///
    /// - Parameters:
    ///   - name: what a word is, for messages.
    ///   - known: the words to hint at.
    fileprivate func words<Value>(
        _ key: String, _ name: String, _ expected: String, among known: [String], _ value: (String) -> Value?
    ) -> [Value]? {
        let items: [Node]? = read(key, expected) { node in
            if node.scalar != nil { return [node] }
            return node.sequence.flatMap { $0.isEmpty || $0.contains { $0.scalar == nil } ? nil : Array($0) }
        }
        guard let items else { return nil }
        var found: [Value] = []
        for item in items {
            let word = item.scalar?.string ?? ""
            if let value = value(word) {
                found.append(value)
            } else {
                let hint = NearWord.hint(for: String(word.prefix(60)), among: known)
                notes.add(item, "\(key): unknown \(name) \"\(word.prefix(60))\"\(hint)")
            }
        }
        return found
    }
}
