import Yams

/// What is wrong with a behaviour program: every mistake, in the order of the file.
public struct ProgramError: Error, CustomStringConvertible {
    public struct Mistake: Sendable, Equatable, CustomStringConvertible {
        /// From 1.
        public let line: Int
        public let column: Int
        public let text: String

        /// `line:column: text`, so that a file name and a colon can be put before it.
        public var description: String { "\(line):\(column): \(text)" }
    }

    public let mistakes: [Mistake]

    init(_ mistakes: [Mistake]) { self.mistakes = mistakes }

    /// One line per mistake.
    public var description: String { mistakes.map(\.description).joined(separator: "\n") }
}

extension ProgramError.Mistake {
    /// A mistake found by the YAML reader.
    init(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(line: mark.line, column: mark.column, text: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.joined(separator: ", ")
            self.init(line: context.mark.line, column: context.mark.column, text: "occurs twice: \(names)")
        default:
            self.init(line: 1, column: 1, text: "not YAML: \(error)")
        }
    }
}
