import ArgumentParser
import LoadTest

/// `load-test isolation`.
struct IsolationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "isolation",
        abstract: "Black-holed endpoints and one hot tenant: their effect on the healthy tenants.",
        discussion: """
            Two legs in one run, so that the machine is the same. First the baseline: --rate events a second, an equal share for \
            every tenant, every endpoint answers. Then the disturbance: for --black-holed percent of the tenants the receiver still accepts \
            connections and reads requests, but never answers; the next tenant sends --hot-factor times its share; all others continue as \
            before. The disturbance is measured from its first moment, including the time until the sender notices it.

            Reported by group (healthy, hot, black-holed): percentiles from the intended time, and Jain's index of the tenants' mean \
            latencies (1: all wait equally long). The healthy tenants' p99 may be --max-ratio times that of the baseline, else the exit code \
            is 3. Events that wait for the black holes at the end are neither lost nor late, and are counted separately.

            EXAMPLE
              load-test prepare --dir run --tenants 100 --hosts 100
              needletail serve --data run/data --provision run/provision.yaml --allow-http --allow-network 127.0.0.0/8 &
              NEEDLETAIL_KEY=$(cat run/api-key) load-test isolation --tenants 100 --rate 1000 \\
                --receiver-host 0.0.0.0 --receiver-port $(cat run/receiver-port) --secret-file run/secret --dispatcher-pid $!
            """)

    @OptionGroup(title: "Load and receiver") var load: LoadOptions
    @Option(help: "Percent of the endpoints that become silent.") var blackHoled = 10.0
    @Option(help: "How many times its share the hot tenant sends. 1: there is no hot tenant.") var hotFactor = 10
    @Option(help: "Seconds of the baseline; the first third, at most 10 s, is not measured.") var baselineSeconds = 30.0
    @Option(help: "Seconds of the disturbance.") var seconds = 60.0
    @Option(help: "The greatest ratio of the healthy tenants' p99 during the disturbance to that of the baseline.")
    var maxRatio = 2.0

    func run() async throws {
        var script = IsolationScript(run: try load.plan())
        script.blackHoledPercent = blackHoled
        script.hotFactor = hotFactor
        script.baselineSeconds = baselineSeconds
        script.troubleSeconds = seconds
        script.mostRatio = maxRatio
        try await Terminal.play(script, load)
    }
}
