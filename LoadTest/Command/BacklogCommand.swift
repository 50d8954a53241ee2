import ArgumentParser
import LoadTest

/// `load-test backlog`.
struct BacklogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backlog",
        abstract:
            "A backlog behind receivers that are down: its effect on others while it waits and drains, and how fast it drains.",
        discussion: """
            Four legs in one run, so that the machine is the same. baseline: the live tenants at --rate. fill: --events events for the \
            first --backlog-tenants tenants, whose receivers are down. waiting: the live tenants again, while the backlog waits. drain: the \
            receivers are back, and the live tenants continue until the backlog is delivered, or --drain-limit is over.

            Down means (--outage): silent, a black hole; reset, the connection is reset; a status such as 503; late:250, answers 200 \
            after 250 ms: slow, and the backlog drains slowly while it waits.

            Judged: the live tenants' p99 while the backlog waits, against the baseline (--max-ratio), the drain from its first \
            delivery to its last (--min-drain), and the live tenants' p95 in that time (--max-live-p95-ms). If one is missed, \
            the exit code is 3. At the end every event must have arrived. With --no-drain the backlog is left waiting, and counts \
            neither as lost nor as late.

            EXAMPLES
              One endpoint with a million waiting, 999 others live:
                load-test prepare --dir run --tenants 1000 --hosts 1000
                load-test backlog --tenants 1000 --backlog-tenants 1 --no-drain --receiver-host 0.0.0.0 …
              A million behind ten endpoints, drained:
                load-test backlog --tenants 100 --backlog-tenants 10 --events 1000000 …
            """)

    @OptionGroup(title: "Load and receiver") var load: LoadOptions
    @Option(
        help: "The number of tenants, from the first, that have the backlog; the others are live, at --rate together.")
    var backlogTenants = 10
    @Option(help: "Events of the backlog.") var events = 1_000_000
    @Option(help: "Events a second while the backlog is filled.") var fillRate = 20_000.0
    @Option(help: "What the backlog's receivers do while they are down: silent, reset, a status, or late:MILLISECONDS.")
    var outage = "503"
    @Option(help: "Seconds of the baseline; the first third, at most 10 s, is not measured.") var baselineSeconds = 30.0
    @Option(help: "Seconds while the backlog waits; the first third, at most 10 s, is not measured.")
    var waitingSeconds = 30.0
    @Flag(help: "End with the backlog waiting.") var noDrain = false
    @Option(help: "The most seconds that the drain may take.") var drainLimit = 300.0
    @Option(help: "The greatest ratio of the live tenants' p99 beside the backlog to that of the baseline.")
    var maxRatio = 2.0
    @Option(help: "The least events per second with which the backlog must drain.") var minDrain = 15_000.0
    @Option(help: "The greatest p95 of the live tenants while the backlog drains.") var maxLiveP95Ms = 100.0

    func run() async throws {
        guard let outage = Outage(outage) else {
            throw ValidationError(
                "--outage: invalid value \"\(outage)\"; expected silent, reset, a status from 300 to 599, or late:MILLISECONDS"
            )
        }
        var script = BacklogScript(run: try load.plan())
        script.backlogTenants = backlogTenants
        script.events = events
        script.fillRate = fillRate
        script.outage = outage
        script.baselineSeconds = baselineSeconds
        script.waitingSeconds = waitingSeconds
        script.drains = !noDrain
        script.drainLimitSeconds = drainLimit
        script.mostRatio = maxRatio
        script.leastDrainRate = minDrain
        script.mostLiveP95 = maxLiveP95Ms
        try await Terminal.play(script, load)
    }
}
