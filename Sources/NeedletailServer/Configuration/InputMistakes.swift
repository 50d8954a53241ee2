import Settings
import WebhookModel

/// Everything that is wrong in what an operator gave, one line each, in the order of the input. Each line names the
/// place, the setting and what is expected, and never contains a secret.
public struct InputMistakes: Error, Equatable, CustomStringConvertible {
    public internal(set) var lines: [String]
    /// One of them is about an argument of the command, which so was not understood.
    public internal(set) var concernsArguments = false

    init(_ lines: [String] = []) { self.lines = lines }

    /// The lines for the mistakes of a file: `file:line:column: subject: what is wrong`.
    init(_ mistakes: SettingsMistakes, in file: String) {
        lines = mistakes.list.map { mistake in
            let position = mistake.position.map { ":\($0.line):\($0.column)" } ?? ""
            return "\(file)\(position): \(mistake.text)"
        }
        if mistakes.isCut { lines.append(InputMistakes.cut) }
    }

    public var description: String { lines.joined(separator: "\n") }

    private static let cut = "more mistakes are not shown; correct these first"

    /// Adds a line, once.
    mutating func add(_ line: String) {
        guard lines.count <= Limits.settingsMistakes, !lines.contains(line) else { return }
        lines.append(lines.count < Limits.settingsMistakes ? line : InputMistakes.cut)
    }

    /// Throws itself where it has a line.
    func throwIfAny() throws(InputMistakes) {
        if !lines.isEmpty { throw self }
    }
}
