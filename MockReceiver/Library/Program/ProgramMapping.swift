import Yams

/// The mistakes found while one program is read.
final class ProgramNotes {
    var mistakes: [ProgramError.Mistake] = []

    func add(_ node: Node, _ text: String) {
        mistakes.append(ProgramError.Mistake(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, text: text))
    }
}

/// One YAML mapping of a program. Each reader gives nil where the key is absent or wrong; what is wrong is noted with its place.
struct ProgramMapping {
    private let node: Node
    private let notes: ProgramNotes

    init(_ node: Node, _ notes: ProgramNotes) {
        self.node = node
        self.notes = notes
        if node.mapping == nil { notes.add(node, "expected keys and values here") }
    }

    /// Notes every key that is not one of these.
    func allow(_ keys: [String]) {
        for (key, _) in node.mapping ?? [:] where !keys.contains(key.string ?? "") {
            notes.add(key, "unknown key \"\(key.string ?? "")\"; known are \(keys.joined(separator: ", "))")
        }
    }

    /// Notes a mistake in the key's value.
    func note(_ key: String, _ text: String) { notes.add(node.mapping?[key] ?? node, "\(key): \(text)") }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        read(key, "a whole number from \(range.lowerBound) to \(range.upperBound)") { node in
            node.int.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        read(key, "a number from \(range.lowerBound) to \(range.upperBound)") { node in
            node.float.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func flag(_ key: String) -> Bool? { read(key, "true or false") { $0.bool } }
    func text(_ key: String) -> String? { read(key, "a text") { $0.scalar?.string } }

    func texts(_ key: String) -> [String]? {
        read(key, "a list of texts") { node in
            guard let items = node.sequence else { return nil }
            let texts = items.compactMap { $0.scalar?.string }
            return texts.count == items.count ? texts : nil
        }
    }

    /// A pattern; unlike the others it must be there.
    func pattern(_ key: String) -> PathPattern? {
        guard node.mapping?[key] != nil else {
            if node.mapping != nil { notes.add(node, "\(key) is missing") }
            return nil
        }
        return read(key, "a path from / on, exact or ending with *, or * alone") { $0.scalar.flatMap { PathPattern($0.string) } }
    }

    /// Header lines in the order of the file.
    func headers(_ key: String) -> [Answer.Header] {
        let headers = read(key, "header names and values, without control characters") { node -> [Answer.Header]? in
            guard let pairs = node.mapping else { return nil }
            let headers = pairs.compactMap { pair in
                pair.key.string.flatMap { name in pair.value.scalar.map { Answer.Header(name, $0.string) } }
            }
            return headers.count == pairs.count && headers.allSatisfy(\.isLawful) ? headers : nil
        }
        return headers ?? []
    }

    /// A list of mappings.
    func mappings(_ key: String) -> [ProgramMapping]? {
        read(key, "a list") { $0.sequence.map { Array($0) } }?.map { ProgramMapping($0, notes) }
    }

    private func read<Value>(_ key: String, _ expected: String, _ value: (Node) -> Value?) -> Value? {
        guard let found = node.mapping?[key] else { return nil }
        let value = value(found)
        if value == nil { notes.add(found, "\(key): expected \(expected)") }
        return value
    }
}

extension Answer.Header {
    /// A token for a name, visible ASCII and spaces for a value, and not one of the receiver's own framing.
    package var isLawful: Bool {
        let isToken = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
        let isOwn = ["content-length", "transfer-encoding", "connection"].contains(name.lowercased())
        return isToken && !isOwn && value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }
    }
}
