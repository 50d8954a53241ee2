import Yams

/// Collects mistakes with their places while a file is read to its end.
final class ProvisioningNotes {
    let file: YAMLFile
    private(set) var mistakes = InputMistakes()

    init(file: YAMLFile) { self.file = file }

    func add(_ mark: Mark?, _ text: String) { mistakes.add(file.place(mark) + text) }
}

/// One mapping of a provisioning file, asked key by key. What is wrong is noted, and the answer is nil.
struct ProvisioningSection {
    // Looked up by text: Yams would resolve each key's tag by regular expressions, at every look-up.
    private let values: [String: Node]
    private let mark: Mark?
    /// Who it is, for messages: `endpoint "orders" of tenant "acme"`.
    let label: String
    let notes: ProvisioningNotes
    /// What `{n}` stands for; nil outside a repeated tenant.
    var number: String?

    /// Takes a node that must be a mapping with these keys only.
    init?(_ node: Node, label: String, keys: [String], notes: ProvisioningNotes, number: String? = nil) {
        guard let mapping = node.mapping else {
            notes.add(node.mark, "\(label): must be a mapping of \(keys.joined(separator: ", "))")
            return nil
        }
        self.init(mapping: mapping, label: label, keys: keys, notes: notes, number: number)
    }

    init(mapping: Node.Mapping, label: String, keys: [String], notes: ProvisioningNotes, number: String? = nil) {
        mark = mapping.mark
        values = Dictionary(mapping.map { ($0.key.scalar?.string ?? "", $0.value) }) { first, _ in first }
        self.label = label
        self.notes = notes
        self.number = number
        for key in mapping.keys where !keys.contains(key.scalar?.string ?? "") {
            let name = key.scalar?.string ?? "?"
            notes.add(key.mark, "\(label): \(name): unknown key\(NearestName.hint(for: name, among: keys))")
        }
    }

    /// The name that a mapping gives itself, for its label.
    static func writtenName(_ node: Node) -> String {
        node.mapping?.first { $0.key.scalar?.string == "name" }?.value.scalar?.string ?? "?"
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    func node(_ key: String) -> Node? { values[key] }

    func note(_ key: String, _ text: String) {
        notes.add(values[key]?.mark ?? mark, "\(label): \(key): \(text)")
    }

    /// A text, with `{n}` replaced. Noted as missing where it is needed and absent or empty.
    func text(_ key: String, needed: Bool = false) -> String? {
        guard let node = values[key] else {
            if needed { note(key, "is missing") }
            return nil
        }
        guard let scalar = node.scalar, !scalar.string.isEmpty else {
            note(key, "must be a text")
            return nil
        }
        return filled(scalar.string)
    }

    /// A node's text, with `{n}` replaced; nil where it is none or empty.
    func text(of node: Node) -> String? {
        node.scalar.flatMap { $0.string.isEmpty ? nil : filled($0.string) }
    }

    /// A list of texts; one text alone is a list of one.
    func texts(_ key: String) -> [String]? {
        guard let node = values[key] else { return nil }
        if let scalar = node.scalar, !scalar.string.isEmpty { return [filled(scalar.string)] }
        guard let nodes = node.sequence else {
            note(key, "must be a list of texts")
            return nil
        }
        var texts: [String] = []
        for node in nodes {
            if let scalar = node.scalar, !scalar.string.isEmpty {
                texts.append(filled(scalar.string))
            } else {
                notes.add(node.mark, "\(label): \(key): must hold texts only")
            }
        }
        return texts
    }

    func truth(_ key: String) -> Bool? {
        value(key, wanted: "true or false") { Bool($0) }
    }

    /// One of some words.
    func choice<Value>(_ key: String, among words: [String], _ read: (String) -> Value?) -> Value? {
        value(key, wanted: words.joined(separator: " or ")) { words.contains($0) ? read($0) : nil }
    }

    /// Bytes, alone or with KiB or MiB.
    func size(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        let (least, most) = (Quantity.text(bytes: range.lowerBound), Quantity.text(bytes: range.upperBound))
        return value(key, wanted: "bytes from \(least) to \(most)") { text in
            Quantity.bytes(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func integer(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        value(key, wanted: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func number(_ key: String, _ range: ClosedRange<Double>) -> Double? {
        value(key, wanted: "a number from \(range.lowerBound) to \(range.upperBound)") { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Milliseconds.
    func duration(_ key: String, _ range: ClosedRange<Int64>) -> Int64? {
        let least = Quantity.text(milliseconds: range.lowerBound)
        let most = Quantity.text(milliseconds: range.upperBound)
        return value(key, wanted: "a duration from \(least) to \(most)") { text in
            Quantity.milliseconds(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// The members of a list of mappings or other nodes; none where the key is absent.
    func members(_ key: String) -> [Node] {
        guard let node = values[key] else { return [] }
        if let nodes = node.sequence { return Array(nodes) }
        if node.scalar?.string.isEmpty != true { note(key, "must be a list; begin each member with a dash") }
        return []
    }

    private func value<Value>(_ key: String, wanted: String, _ read: (String) -> Value?) -> Value? {
        guard let node = values[key] else { return nil }
        guard let text = node.scalar?.string, let value = read(text) else {
            note(key, "\(node.scalar.map { "\"\($0.string)\" is no good; " } ?? "")give \(wanted)")
            return nil
        }
        return value
    }

    private func filled(_ text: String) -> String {
        number.map { text.replacing("{n}", with: $0) } ?? text
    }
}
