import ArgumentParser
import LoadTest

/// `load-test isolation`.
struct IsolationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "isolation",
        abstract: "Black-holed endpoints and one hot tenant: what do the healthy tenants feel?",
        discussion: """
            Two legs in one run, so that the machine is the same. First the baseline: --rate events a second, every tenant its equal \
            share, every endpoint answers. Then the trouble: at --black-holed percent of the tenants the receiver still accepts \
            connections and reads requests, but never answers; the next tenant sends --hot-factor times its share; all others go on as \
            before. The trouble counts from its first moment: the time until the sender notices is in it.

            Reported by group (healthy, hot, black-holed): percentiles from the intended time, and Jain's index of the tenants' mean \
            latencies (1: all wait alike). The healthy tenants' p99 may be --max-ratio times that of the baseline, else the exit code \
            is 3. What waits for the black holes at the end is neither lost nor late, and is counted by itself.

            EXAMPLE
              load-test prepare --dir run --tenants 100 --hosts 100
              needletail serve --data run/data --provision run/provision.yaml --allow-http --allow-network 127.0.0.0/8 &
              NEEDLETAIL_API_KEY=$(cat run/api-key) load-test isolation --tenants 100 --rate 1000 \\
                --receiver-host 0.0.0.0 --receiver-port $(cat run/receiver-port) --secret-file run/secret --dispatcher-pid $!
            """)

    @OptionGroup(title: "Load and receiver") var load: LoadOptions
    @Option(help: "Percent of the endpoints that go silent.") var blackHoled = 10.0
    @Option(help: "The hot tenant sends so many times its share. 1: there is none.") var hotFactor = 10
    @Option(help: "Seconds of the baseline; the first third, 10 s at most, is not measured.") var baselineSeconds = 30.0
    @Option(help: "Seconds of the trouble.") var seconds = 60.0
    @Option(help: "The healthy tenants' p99 in the trouble over that of the baseline, at most.") var maxRatio = 2.0

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
