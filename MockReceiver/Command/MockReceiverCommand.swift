import ArgumentParser
import Glibc
import MockReceiver

/// `mock-receiver`: receives webhooks and injects faults on demand; its other verbs ask a running receiver.
@main
struct MockReceiverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mock-receiver",
        abstract: "Receives webhooks: checks signatures, records every message, and fails on demand.",
        subcommands: [
            ReceiveCommand.self, CheckCommand.self, ProgramsCommand.self, StatsCommand.self, JournalCommand.self,
            FollowCommand.self, MetricsCommand.self, TimelineCommand.self, AwaitCommand.self, VerifyCommand.self,
            ReconcileCommand.self, ExportCommand.self, ResetCommand.self, FaultCommand.self, InboxCommand.self,
            ProgramCommand.self,
        ],
        defaultSubcommand: ReceiveCommand.self)

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let first = arguments.first, ["--help", "-h", "help"].contains(first), arguments.count == 1 {
            Terminal.print(Manual.text)
            return
        }
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let status as ExitStatus {
            Glibc.exit(status.rawValue)
        } catch let failure as CommandFailure {
            Terminal.complain("mock-receiver: \(failure)")
            Glibc.exit(failure.status.rawValue)
        } catch  where exitCode(for: error) == .success {
            // --help of a verb.
            Terminal.print(fullMessage(for: error))
        } catch  where exitCode(for: error) == .validationFailure {
            Terminal.complain(fullMessage(for: error))
            Glibc.exit(ExitStatus.usage.rawValue)
        } catch {
            Terminal.complain("mock-receiver: \(error)")
            Glibc.exit(ExitStatus.couldNotRun.rawValue)
        }
    }
}

/// The exit status of the command; thrown after its message was printed. The numbers are those of `load-test`.
enum ExitStatus: Int32, Error {
    case couldNotRun = 1
    case usage = 2
    /// `verify` or `await`: the condition is false.
    case doesNotHold = 3
    /// `reconcile`: acknowledged messages never arrived.
    case lost = 4
    /// A cap was reached, so what is missing is unknown.
    case inconclusive = 6
    /// `reconcile`: messages arrived with other bytes, or were never sent.
    case corrupt = 7
}

/// Why the command failed; printed after its name.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    let status: ExitStatus

    init(_ description: String, _ status: ExitStatus = .couldNotRun) {
        self.description = description
        self.status = status
    }
}
