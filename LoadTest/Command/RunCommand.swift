import ArgumentParser
import LoadTest

/// `load-test run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Latency and loss at a rate.",
        discussion: """
            The dispatcher must know the tenants (tenant-000 … by default) and an API key for them, and each tenant's endpoint must \
            point at the embedded receiver, for example http://127.0.0.1:7500/tenant-000. `LoadTest/demo` sets all this up.

            EXAMPLES
              1,000 events a second over 100 tenants for 30 s, 2 % of the attempts answered with 503:
                load-test run --api-key KEY --rate 1000 --seconds 30 --failures 2 --secret whsec_…
              The highest rate end to end, with at most 10,000 events in flight:
                load-test run --api-key KEY --max --outstanding 10000 --seconds 20
              Ingest alone, durable acknowledgements, batches of 100:
                load-test run --api-key KEY --max --no-match --batch 100 --seconds 10
              10,000 endpoints on separate hosts, ten minutes: are memory and descriptors steady, are connections reused?
                load-test prepare --dir run --tenants 10000 --hosts 10000
                load-test run --api-key KEY --tenants 10000 --receiver-host 0.0.0.0 --seconds 600 --warmup-seconds 60 \\
                  --dispatcher-pid PID --max-growth 10 --min-reuse 90
              2,000 HTTPS endpoints on separate hosts that answer as receivers on the internet do:
                load-test prepare --dir run --tenants 2000 --hosts 2000 --https
                load-test run --api-key KEY --tenants 2000 --receiver-host 0.0.0.0 --authority run --program internet \\
                  --rate 10000 --seconds 60 --warmup-seconds 10
            """)

    @OptionGroup(title: "Load and receiver") var load: LoadOptions
    @Option(help: "Seconds of load.") var seconds = 30.0
    @Option(help: "Of these, the first seconds that are sent and checked, but not measured.") var warmupSeconds = 0.0
    @Flag(help: "A closed loop, as fast as the window allows: measures throughput, not what users experience.")
    var max =
        false
    @Option(help: "With --max: the most events sent and not yet delivered.") var outstanding = 10_000
    @Option(help: "The 95th percentile, intended to accepted (to acknowledged without a receiver), must be below this.")
    var sloP95Ms = 2_000.0
    @Option(help: "How many times messages may come again after a 2xx.") var maxDuplicates = 0
    @Option(help: "The most microseconds of the dispatcher's CPU time per delivered event. Needs --dispatcher-pid.")
    var maxCpuUs: Double?
    @Option(help: "The least percent of the requests that must use an existing connection.")
    var minReuse: Double?
    @Option(
        help:
            "Percent that the dispatcher's anonymous memory and its descriptors may grow after the warm-up. Needs --dispatcher-pid."
    )
    var maxGrowth: Double?
    @Option(help: "The most MiB of the dispatcher's resident memory, at its peak. Needs --dispatcher-pid.")
    var maxMemoryMib: Double?

    func run() async throws {
        var plan = try load.plan()
        plan.seconds = seconds
        plan.warmupSeconds = warmupSeconds
        if max { plan.rate = 0 }
        plan.outstanding = outstanding
        plan.sloP95Milliseconds = sloP95Ms
        plan.maxDuplicates = maxDuplicates
        plan.bounds.cpuMicroseconds = maxCpuUs
        plan.bounds.reusePercent = minReuse
        plan.bounds.growthPercent = maxGrowth
        plan.bounds.peakMebibytes = maxMemoryMib
        let mistakes = plan.mistakes()
        guard mistakes.isEmpty else { throw ValidationError(mistakes.joined(separator: "\n")) }

        let run = LoadRun(plan: plan)
        let watch = InterruptWatch { run.interrupt() }
        defer { watch.stop() }
        var view = LiveView.standard(plain: load.plain)
        let report = try await run.run(view: &view)
        try Terminal.publish(report, json: load.json)
        if report.exitCode != 0 { throw ArgumentParser.ExitCode(report.exitCode) }
    }
}
