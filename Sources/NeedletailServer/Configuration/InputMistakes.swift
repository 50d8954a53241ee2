/// All that is wrong with what an operator gave us: one line each, in the order of the input. Each names the place, the thing and the
/// mend, and never holds a secret.
public struct InputMistakes: Error, Equatable, CustomStringConvertible {
    public internal(set) var lines: [String]

    init(_ lines: [String] = []) { self.lines = lines }

    public var description: String { lines.joined(separator: "\n") }

    /// Nobody reads more, and a repeated block could make a hundred thousand.
    private static let most = 200

    /// Adds a line, once: what a repeated block does wrong is one mistake.
    mutating func add(_ line: String) {
        guard lines.count < InputMistakes.most, !lines.contains(line) else { return }
        lines.append(line)
        if lines.count == InputMistakes.most { lines.append("and more; mend these first") }
    }

    /// Throws itself where there is anything to say.
    func throwIfAny() throws(InputMistakes) {
        if !lines.isEmpty { throw self }
    }
}
