import ArgumentParser
import Foundation
import LoadTest

/// `load-test`: the load generator of webhook senders.
@main
struct LoadTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load-test",
        abstract:
            "Publishes events to a webhook dispatcher, receives its webhooks, and proves what happened to each event.",
        discussion: """
            The load is an open loop: each event has an intended time that does not depend on the server's speed, and every latency \
            counts from it. The receiver is embedded, so one run gives every stage: intended, sent, acknowledged, first attempt \
            received, accepted. At the end the producer's ledger is compared with the receiver's accounts.

            Exit codes: 0 pass · 1 could not run · 2 usage · 3 service level broken · 4 acknowledged events lost · 5 duplicates over \
            the budget · 6 invalid (the generator was the bottleneck, or nothing was proven) · 7 corruption or unverified signatures \
            · 130 interrupted (the report is written).
            """,
        subcommands: [
            RunCommand.self, IsolationCommand.self, BacklogCommand.self, CrashCommand.self, ClientCommand.self,
            PrepareCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let code as ArgumentParser.ExitCode {
            Foundation.exit(code.rawValue)
        } catch  where exitCode(for: error) == .success {
            // --help and --version.
            print(fullMessage(for: error))
        } catch  where exitCode(for: error) == .validationFailure {
            Terminal.complain(fullMessage(for: error))
            Foundation.exit(LoadTest.ExitCode.usage.rawValue)
        } catch {
            Terminal.complain("load-test: \(error)")
            Foundation.exit(LoadTest.ExitCode.couldNotRun.rawValue)
        }
    }
}
