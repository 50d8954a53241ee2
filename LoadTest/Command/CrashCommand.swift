import ArgumentParser
import LoadTest

/// `load-test crash`.
struct CrashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash",
        abstract: "Kills the server with SIGKILL at random moments under load: no acknowledged event may be lost.",
        discussion: """
            This command starts the server, kills it, and starts it again on the same data directory and port. Events whose answer \
            was cut off by a kill are sent again with the same ids. It passes when every acknowledged event reached the receiver.

            EXAMPLE
              load-test crash --api-key KEY --kills 20 --rate 2000 --secret whsec_… -- \\
                needletail serve --data DIR --config FILE --provision FILE
            """)

    @OptionGroup(title: "Load and receiver") var load: LoadOptions
    @Option(help: "The number of kills.") var kills = 20
    @Option(help: "The least seconds of load between two kills.") var gapLeast = 0.2
    @Option(help: "The most seconds of load between two kills.") var gapMost = 2.0
    @Option(help: "The most seconds from a start until WELCOME.") var readySeconds = 30.0
    @Option(help: "File for the server's output.") var serverLog = "/dev/null"
    @Argument(parsing: .postTerminator, help: "The command that starts the server, after --.") var serverCommand:
        [String] = []

    func run() async throws {
        var plan = CrashPlan(run: try load.plan(), serverCommand: serverCommand)
        plan.serverLog = serverLog
        plan.kills = kills
        plan.readySeconds = readySeconds
        var mistakes = plan.run.mistakes()
        if plan.run.isClosedLoop { mistakes.append("--rate 0: a crash loop needs a rate") }
        if serverCommand.isEmpty {
            mistakes.append("no server command; expected it after --, as in -- needletail serve --data DIR …")
        }
        if kills < 1 { mistakes.append("--kills: invalid value \"\(kills)\"; expected 1 or more") }
        if gapLeast < 0 || gapMost < gapLeast {
            mistakes.append("invalid --gap-least \(gapLeast) and --gap-most \(gapMost); expected 0 ≤ least ≤ most")
        }
        guard mistakes.isEmpty else { throw ValidationError(mistakes.joined(separator: "\n")) }
        plan.gapSeconds = gapLeast...gapMost

        let loop = CrashLoop(plan: plan)
        let watch = InterruptWatch { loop.interrupt() }
        defer { watch.stop() }
        var view = LiveView.standard(plain: load.plain)
        let report = try await loop.run(view: &view)
        try Terminal.publish(report, json: load.json)
        if report.exitCode != 0 { throw ArgumentParser.ExitCode(report.exitCode) }
    }
}
