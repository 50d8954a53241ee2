import ArgumentParser
import LoadTest

/// `load-test crash`.
struct CrashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash",
        abstract: "SIGKILLs the server at random moments under load: nothing acknowledged may be lost.",
        discussion: """
            The server is started by this command, killed, and started again on the same data directory and port. Events whose answer \
            a kill cut off are sent again with the same ids. Passes when every acknowledged event reached the receiver.

            EXAMPLE
              load-test crash --api-key KEY --kills 20 --rate 2000 --secret whsec_… -- \\
                needletail serve --data DIR --config FILE --provision FILE
            """)

    @OptionGroup(title: "Load and receiver") var load: LoadOptions
    @Option(help: "How often to kill.") var kills = 20
    @Option(help: "Least seconds of load between two kills.") var gapLeast = 0.2
    @Option(help: "Most seconds of load between two kills.") var gapMost = 2.0
    @Option(help: "Seconds that a start may take until WELCOME.") var readySeconds = 30.0
    @Option(help: "Takes the server's output.") var serverLog = "/dev/null"
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
            mistakes.append("no server command: write it after --, as in -- needletail serve --data DIR …")
        }
        if kills < 1 { mistakes.append("--kills \(kills): give 1 or more") }
        if gapLeast < 0 || gapMost < gapLeast {
            mistakes.append("--gap-least \(gapLeast) --gap-most \(gapMost): give 0 ≤ least ≤ most")
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
