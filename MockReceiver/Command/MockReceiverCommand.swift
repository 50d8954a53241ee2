import ArgumentParser
import MockReceiver

@main
struct MockReceiverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mock-receiver",
        abstract: "Receives webhooks: checks signatures, counts duplicates, and fails on demand.",
        discussion: """
            Every path is an endpoint from its first request on. Without options each answers 200 at once.

            Take whatever comes, and look at it:
              mock-receiver
              curl -d '{"hello":1}' http://127.0.0.1:9400/orders
              curl http://127.0.0.1:9401/stats
              curl 'http://127.0.0.1:9401/journal?limit=1'

            Check signatures; fail the first two attempts of each message and 5 % of the others with 503:
              mock-receiver --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw --fail-first 2 --fail-percent 5

            Wait in a test until 500 messages have been accepted, 10 seconds at most:
              curl -X POST 'http://127.0.0.1:9401/await?accepted=500&timeout=10'

            One behaviour per path, changed while it runs (YAML; the first rule that matches holds):
              rules:
                - {path: /slow, delay_ms: 2000}
                - {path: /gone, status: 410}
                - {path: /busy/*, fail_percent: 50, fail_status: 429, fail_headers: {retry-after: "2"}}
                - {path: /broken, reset: true}
              curl -X PUT --data-binary @program.yaml http://127.0.0.1:9401/program

            Rules of --program come before the behaviour that the options describe. Which requests fail depends on --seed, the path,
            the webhook-id and the attempt alone: one seed gives the same faults at any speed.
            """)

    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "Behaviour") var behaviour: BehaviourOptions

    @Flag(help: "Print the ports and errors only.")
    var quiet = false

    func run() async throws {
        var configuration = ReceiverConfiguration()
        listening.apply(to: &configuration)
        configuration.program = try behaviour.makeProgram()
        let signals = StopSignals()
        let server: ReceiverServer
        do {
            server = try await ReceiverServer.start(configuration)
        } catch let error as ListenError {
            throw ValidationError("\(error); choose another with --\(error.which == .data ? "port" : "admin-port")")
        }
        Terminal.print(Summary.ports(server, host: configuration.host))
        let live = quiet ? nil : LiveLine.start(server)
        await signals.wait()
        live?.stop()
        if !quiet { Terminal.print(Summary.text(server.stats())) }
        try await server.stop()
    }
}
