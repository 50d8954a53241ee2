/// One map of a settings document, read field by field. A mistake is noted, and the answer is nil.
package struct SettingsSection {
    private let values: [String: SettingsEntry]
    private let position: SettingsPosition?
    /// What the map belongs to, for messages: `endpoint "orders" of tenant "acme"`.
    package let subject: String
    /// JSON pointer to the map.
    package let path: String
    /// What stands before the names of its fields in messages: `retry.`; empty for the subject's own fields.
    private let prefix: String
    package let notes: SettingsNotes
    /// What `{n}` is replaced with; nil outside a repeated tenant.
    package var number: String?

    /// - Parameters:
    ///   - node: noted and nil where it is not a map.
    ///   - keys: the known fields. Any other is noted.
    package init?(_ node: SettingsNode, subject: String, path: String, keys: [String], notes: SettingsNotes) {
        self.init(node, subject: subject, path: path, prefix: "", keys: keys, notes: notes, number: nil)
    }

    private init?(
        _ node: SettingsNode, subject: String, path: String, prefix: String, keys: [String], notes: SettingsNotes,
        number: String?
    ) {
        guard let entries = node.map else {
            let what = prefix.isEmpty ? "invalid value" : "invalid value for \(prefix.dropLast())"
            let detail = "\(what); expected a map of \(keys.joined(separator: ", "))"
            notes.add(SettingsMistake(.invalid, path: path, subject: subject, detail, at: node.position))
            return nil
        }
        values = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
        position = node.position
        self.subject = subject
        self.path = path
        self.prefix = prefix
        self.notes = notes
        self.number = number
        for entry in entries where !keys.contains(entry.name) {
            let hint = NearestName.hint(for: entry.name, among: keys)
            notes.add(
                SettingsMistake(
                    .unknownField, path: pointer(entry.name), subject: subject,
                    "unknown field \(Shown.name(prefix + entry.name))\(hint)", at: entry.position))
        }
    }

    /// The map in a field; nil where the field is absent, or (noted) not a map.
    package func section(_ key: String, keys: [String]) -> SettingsSection? {
        values[key].flatMap { section($0.value, key, path: pointer(key), keys: keys) }
    }

    /// A map that stands in a list or under a name of the owner's choice, below the field `key`.
    package func section(_ node: SettingsNode, _ key: String, path: String, keys: [String]) -> SettingsSection? {
        SettingsSection(
            node, subject: subject, path: path, prefix: "\(prefix)\(key).", keys: keys, notes: notes, number: number)
    }

    /// The name that a map gives itself, for its subject.
    package static func writtenName(_ node: SettingsNode) -> String {
        node.map?.first { $0.name == "name" }?.value.text.map(Shown.short) ?? "?"
    }

    package func has(_ key: String) -> Bool { values[key] != nil }

    package func node(_ key: String) -> SettingsNode? { values[key]?.value }

    /// JSON pointer to a field, or to a field of the map in it.
    package func pointer(_ keys: String...) -> String {
        keys.reduce(path) { $0 + SettingsPointer.step($1) }
    }
}

// Mistakes.
extension SettingsSection {
    /// Notes a statement about a field: `burst needs rate`.
    package func note(_ key: String, _ code: SettingsMistake.Code, _ statement: String) {
        add(code, key, "\(prefix)\(key) \(statement)")
    }

    package func note(_ key: String, _ statement: String) { note(key, .invalid, statement) }

    /// Notes a sentence that stands by itself: `secret: an Ed25519 key begins with whsk_`.
    package func note(_ key: String, sentence: String, _ code: SettingsMistake.Code = .invalid) {
        add(code, key, "\(prefix)\(key): \(sentence)")
    }

    /// The same about a value inside the field.
    package func note(_ key: String, sentence: String, at node: SettingsNode, _ path: String) {
        notes.add(
            SettingsMistake(.invalid, path: path, subject: subject, "\(prefix)\(key): \(sentence)", at: node.position))
    }

    /// Notes a value that is not what is expected.
    ///
    /// - Parameter value: nil: it may hold a secret, or is not a text.
    package func invalid(_ key: String, _ value: String?, expected: String) {
        add(.invalid, key, Shown.invalid(value, for: prefix + key, expected: expected))
    }

    /// The same for a value inside the field.
    package func invalid(_ key: String, _ value: String?, expected: String, at node: SettingsNode, _ path: String) {
        let detail = Shown.invalid(value, for: prefix + key, expected: expected)
        notes.add(SettingsMistake(.invalid, path: path, subject: subject, detail, at: node.position))
    }

    /// Notes that a field is not there.
    package func missing(_ key: String, expected: String? = nil) {
        note(key, .missing, "is missing" + (expected.map { "; expected \($0)" } ?? ""))
    }

    private func add(_ code: SettingsMistake.Code, _ key: String, _ detail: String) {
        notes.add(
            SettingsMistake(
                code, path: pointer(key), subject: subject, detail, at: values[key]?.value.position ?? position))
    }
}

// Values.
extension SettingsSection {
    /// A text, with `{n}` replaced. Noted as missing where it is needed and absent.
    package func text(_ key: String, needed: Bool = false) -> String? {
        guard let node = node(key) else {
            if needed { missing(key) }
            return nil
        }
        guard let text = text(of: node) else {
            invalid(key, nil, expected: "a text")
            return nil
        }
        return text
    }

    /// A node's text, with `{n}` replaced; nil where it is none or empty.
    package func text(of node: SettingsNode) -> String? {
        node.text.flatMap { $0.isEmpty ? nil : filled($0) }
    }

    /// A list of texts; one text alone is a list of one.
    package func texts(_ key: String) -> [String]? {
        guard let node = node(key) else { return nil }
        if let text = text(of: node) { return [text] }
        guard let members = node.list else {
            invalid(key, nil, expected: "a list of texts")
            return nil
        }
        var texts: [String] = []
        for (index, member) in members.enumerated() {
            if let text = text(of: member) {
                texts.append(text)
            } else {
                invalid(key, nil, expected: "a list of texts", at: member, "\(pointer(key))/\(index)")
            }
        }
        return texts
    }

    package func truth(_ key: String) -> Bool? {
        value(key, expected: "true or false") { Bool($0) }
    }

    /// One of some words.
    package func choice<Value>(_ key: String, among words: [String], _ read: (String) -> Value?) -> Value? {
        value(key, expected: "one of \(words.joined(separator: ", "))") { words.contains($0) ? read($0) : nil }
    }

    /// Bytes, alone or with KiB or MiB.
    package func size(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        let (least, most) = (Quantity.text(bytes: range.lowerBound), Quantity.text(bytes: range.upperBound))
        return value(key, expected: "a size from \(least) to \(most)") { text in
            Quantity.bytes(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    package func integer(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        value(key, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    package func number(_ key: String, _ range: ClosedRange<Double>) -> Double? {
        value(key, expected: "a number from \(range.lowerBound) to \(range.upperBound)") { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Milliseconds.
    package func duration(_ key: String, _ range: ClosedRange<Int64>) -> Int64? {
        let least = Quantity.text(milliseconds: range.lowerBound)
        let most = Quantity.text(milliseconds: range.upperBound)
        return value(key, expected: "a duration from \(least) to \(most)") { text in
            Quantity.milliseconds(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// The members of a list, each with its JSON pointer; none where the field is absent.
    ///
    /// A field with nothing behind it is a mistake: so ends a document that was cut off. An empty list is written `[]`.
    ///
    /// - Parameter needed: absence is a mistake too.
    package func members(_ key: String, needed: Bool = false) -> [(node: SettingsNode, path: String)] {
        guard let node = node(key) else {
            if needed { missing(key, expected: "a list, or [] for none") }
            return []
        }
        if let members = node.list { return members.enumerated().map { ($1, "\(pointer(key))/\($0)") } }
        if node.text?.isEmpty == true {
            note(key, .missing, "is empty; expected a list, or [] for none")
        } else {
            invalid(key, nil, expected: "a list")
        }
        return []
    }

    private func value<Value>(_ key: String, expected: String, _ read: (String) -> Value?) -> Value? {
        guard let node = node(key) else { return nil }
        guard let text = node.text, let value = read(text) else {
            invalid(key, node.text, expected: expected)
            return nil
        }
        return value
    }

    private func filled(_ text: String) -> String {
        number.map { text.replacing("{n}", with: $0) } ?? text
    }
}
