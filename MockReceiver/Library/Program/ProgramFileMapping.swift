import Yams

/// The mistakes found while one program is read.
final class ProgramNotes {
    private(set) var mistakes: [ProgramError.Mistake] = []

    func add(_ node: Node, _ text: String) { add(node.mark, text) }

    /// This many mistakes are most likely one mistake repeated.
    private static let most = 100

    func add(_ mark: Mark?, _ text: String) {
        guard mistakes.count < ProgramNotes.most else { return }
        mistakes.append(ProgramError.Mistake(line: mark?.line ?? 1, column: mark?.column ?? 1, text: text))
    }
}

/// One YAML mapping of a program. Each reader returns nil if the key is absent or invalid; mistakes are recorded with
/// their place.
struct ProgramMapping {
    let node: Node
    let notes: ProgramNotes
    // Looked up by text: Yams would resolve each key's tag with regular expressions at every look-up.
    private let values: [String: Node]

    /// - Parameters:
    ///   - name: what it is, for messages: `rules`.
    ///   - keys: every other key is a mistake.
    init?(_ node: Node, _ name: String, keys: [String], _ notes: ProgramNotes) {
        guard let mapping = node.mapping else {
            notes.add(node, "\(name): expected a mapping of \(keys.joined(separator: ", "))")
            return nil
        }
        self.node = node
        self.notes = notes
        values = Dictionary(mapping.map { ($0.key.scalar?.string ?? "", $0.value) }) { first, _ in first }
        for (key, _) in mapping where !keys.contains(key.scalar?.string ?? "") {
            let written = key.scalar?.string ?? ""
            notes.add(key, "unknown key \"\(written.prefix(60))\"\(NearWord.hint(for: written, among: keys))")
        }
    }

    func has(_ key: String) -> Bool { values[key] != nil }
    subscript(key: String) -> Node? { values[key] }

    /// Records a mistake in the key's value.
    func note(_ key: String, _ text: String) { notes.add(values[key] ?? node, "\(key): \(text)") }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        read(key, "a whole number from \(range.lowerBound) to \(range.upperBound)") { node in
            node.int.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        read(key, "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))") { node in
            node.float.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func flag(_ key: String) -> Bool? { read(key, "true or false") { $0.bool } }
    func text(_ key: String) -> String? { read(key, "a text") { $0.scalar?.string } }

    /// A list of texts; a single text is a list of one.
    func texts(_ key: String) -> [String]? {
        read(key, "a list of texts") { node in
            if let text = node.scalar?.string, !text.isEmpty { return [text] }
            guard let items = node.sequence else { return nil }
            let texts = items.compactMap { $0.scalar?.string }
            return texts.count == items.count ? texts : nil
        }
    }

    /// Milliseconds.
    func duration(_ key: String, in range: ClosedRange<Int> = 0...Behaviour.mostDelay) -> Int? {
        read(key, ProgramQuantity.durationForm(range)) { ProgramQuantity.duration($0, in: range) }
    }

    func durations(_ key: String, in range: ClosedRange<Int>) -> [Int]? {
        read(key, "a list, each \(ProgramQuantity.durationForm(range))") { node in
            guard let items = node.sequence else { return nil }
            let found = items.compactMap { ProgramQuantity.duration($0, in: range) }
            return found.count == items.count ? found : nil
        }
    }

    /// `3`, `1..3`, `4..` or `..3`.
    func span(_ key: String) -> ClosedRange<Int>? {
        read(key, "numbers from 1, such as 3, 1..3, 4.. or ..3") {
            $0.scalar.flatMap { ProgramQuantity.span($0.string) }
        }
    }

    /// A pattern; unlike the others it is required.
    func pattern(_ key: String) -> PathPattern? {
        guard has(key) else {
            notes.add(node, "\(key) is missing; expected a path that begins with /, exact or ending with *, or * alone")
            return nil
        }
        return read(key, "a path that begins with /, exact or ending with *, or * alone") {
            $0.scalar.flatMap { PathPattern($0.string) }
        }
    }

    /// Names and texts in the order of the file.
    func pairs(_ key: String, _ expected: String) -> [(name: String, value: String)]? {
        read(key, expected) { node in
            guard let mapping = node.mapping else { return nil }
            let pairs = mapping.compactMap { pair in
                pair.key.scalar.flatMap { name in pair.value.scalar.map { (name: name.string, value: $0.string) } }
            }
            return pairs.count == mapping.count ? pairs : nil
        }
    }

    /// Header lines in the order of the file.
    func headers(_ key: String) -> [Answer.Header] {
        let expected =
            "header names and values, without control characters, content-length, transfer-encoding and connection"
        let headers = pairs(key, expected)?.map { Answer.Header($0.name, $0.value) } ?? []
        guard headers.allSatisfy(\.isLawful) else {
            note(key, "expected \(expected)")
            return []
        }
        return headers
    }

    /// A mapping below this one.
    func section(_ key: String, keys: [String]) -> ProgramMapping? {
        values[key].flatMap { ProgramMapping($0, key, keys: keys, notes) }
    }

    /// A list of mappings.
    func sections(_ key: String, keys: [String], most: Int) -> [ProgramMapping]? {
        let items = read(key, "a list of at most \(most); begin each member with a dash") { node -> [Node]? in
            node.sequence.flatMap { $0.count <= most ? Array($0) : nil }
        }
        return items?.compactMap { ProgramMapping($0, key, keys: keys, notes) }
    }

    func read<Value>(_ key: String, _ expected: String, _ value: (Node) -> Value?) -> Value? {
        guard let found = values[key] else { return nil }
        let value = value(found)
        if value == nil {
            // A secret is not repeated in a message.
            let written = found.scalar.map { key == "secrets" ? "" : ", not \"\($0.string.prefix(60))\"" } ?? ""
            notes.add(found, "\(key): expected \(expected)\(written)")
        }
        return value
    }

    private func plain(_ number: Double) -> String { number == number.rounded() ? "\(Int(number))" : "\(number)" }
}

extension Answer.Header {
    /// A token as name, visible ASCII and spaces as value, and not one of the receiver's own framing headers.
    package var isLawful: Bool {
        let isToken = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
        let isOwn = ["content-length", "transfer-encoding", "connection"].contains(name.lowercased())
        return isToken && !isOwn && value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }
    }
}
