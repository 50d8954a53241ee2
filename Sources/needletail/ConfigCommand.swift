import ArgumentParser
import NeedletailServer

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print or check a configuration file.",
        subcommands: [Default.self, Check.self])

    struct Default: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the default configuration file: every key, its type, range and meaning.",
            discussion: """
                Example:

                  needletail config default > needletail.yaml
                """)

        func run() { print(ServerConfiguration.defaultFile, terminator: "") }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a configuration file and the NEEDLETAIL_* variables, without starting anything.",
            discussion: """
                Prints every mistake, one line each, and exits with 1 if there is one.

                Example:

                  needletail config check --config needletail.yaml
                """)

        @Option(help: ArgumentHelp("Configuration file (YAML).", valueName: "file"))
        var config: String

        func run() throws {
            _ = try ServerConfiguration.load(file: config, environment: ProcessEnvironment.variables)
            print("\(config): good")
        }
    }
}
