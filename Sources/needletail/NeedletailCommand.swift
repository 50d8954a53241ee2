import ArgumentParser
import Glibc
import NeedletailServer

/// `needletail`: runs the server and checks its files.
struct NeedletailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "needletail",
        abstract: "Accepts events, stores them durably, and delivers each as a signed webhook.",
        discussion: """
            First steps:

              needletail config default > needletail.yaml   every key, explained
              needletail provision check provision.yaml     reports mistakes
              needletail serve --data ./data --provision provision.yaml
              needletail publish --tenant acme --type order.placed --payload '{"total":42}'
            """,
        version: ServerVersion.text,
        subcommands: [
            ServeCommand.self, PublishCommand.self, ConfigCommand.self, ProvisionCommand.self, KeyCommand.self,
            DeadLetterCommand.self, OpenAPICommand.self,
            ConformanceCommand.self, VersionCommand.self,
        ])
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() { print("needletail \(ServerVersion.text)") }
}

@main enum EntryPoint {
    /// Exit codes: 0 success, 1 could not do it (each reason is one line on standard error), 2 arguments not
    /// understood.
    static func main() async {
        // By default the signal would end a server that is still starting. Other verbs do nothing that a reload
        // concerns.
        signal(SIGHUP, SIG_IGN)
        if let mistake = VerbMistake.message(Array(CommandLine.arguments.dropFirst())) {
            complain("needletail: \(mistake)")
            exit(2)
        }
        do {
            var command = try NeedletailCommand.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            finish(error)
        }
    }

    private static func finish(_ error: any Error) -> Never {
        // A verb that has already printed everything.
        if let code = error as? ExitCode { exit(code.rawValue) }
        let code = NeedletailCommand.exitCode(for: error)
        if code == .success {
            print(NeedletailCommand.fullMessage(for: error))
            exit(0)
        }
        if code == .validationFailure {
            complain("needletail: \(NeedletailCommand.message(for: error)); --help after a verb shows examples")
            exit(2)
        }
        for line in "\(error)".split(separator: "\n") { complain("needletail: \(line)") }
        exit((error as? InputMistakes)?.concernsArguments == true ? 2 : 1)
    }

    private static func complain(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
