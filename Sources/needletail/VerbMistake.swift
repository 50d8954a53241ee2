import ArgumentParser
import NeedletailServer

/// An unknown verb among the arguments. Looked for before they are parsed, because the parser's message names neither the
/// verbs nor the nearest one.
enum VerbMistake {
    /// - Parameter arguments: without the name of the program.
    /// - Returns: nil: the verbs are known, or there is none.
    static func message(_ arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = NeedletailCommand.self
        for argument in arguments {
            let verbs = command.configuration.subcommands
            guard !verbs.isEmpty, !argument.hasPrefix("-"), argument != "help" else { return nil }
            guard let verb = verbs.first(where: { $0._commandName == argument }) else {
                return text(argument, verbs.map { $0._commandName })
            }
            command = verb
        }
        return nil
    }

    private static func text(_ unknown: String, _ verbs: [String]) -> String {
        let hint = KnownNames.hint(for: unknown, among: verbs)
        let list = hint.contains("did you mean") ? " The verbs here: \(verbs.joined(separator: ", "))" : ""
        return "unknown verb \"\(unknown)\"\(hint)\(list)"
    }
}
