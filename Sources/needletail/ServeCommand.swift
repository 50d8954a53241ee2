import ArgumentParser
import NeedletailServer

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server until SIGINT or SIGTERM.",
        discussion: """
            Values come from the defaults, then the configuration file, then NEEDLETAIL_* variables, then these flags; \
            `needletail config default` explains them all.

            Examples:

              needletail serve --data ./data --provision provision.yaml
                Producers connect to 127.0.0.1:7400, the management API is on 127.0.0.1:7480; endpoints are https and public.

              needletail serve --data ./data --provision provision.yaml \\
                --allow-http --allow-network 127.0.0.0/8
                For receivers on this machine.

              NEEDLETAIL_LOG_LEVEL=debug needletail serve --config needletail.yaml
                The file, with one value changed.

            The first SIGTERM drains the server: received events are answered, attempts in flight finish. A second one stops at \
            once. Neither loses an acknowledged event. SIGHUP reads certificates and the provisioning file again.
            """)

    @Option(help: ArgumentHelp("Configuration file (YAML).", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("Directory of the store.", valueName: "dir"))
    var data: String?
    @Option(help: ArgumentHelp("Provisioning file (YAML): tenants, API keys and endpoints.", valueName: "file"))
    var provision: String?
    @Option(help: ArgumentHelp("Address that producers connect to (127.0.0.1).", valueName: "host"))
    var ingestHost: String?
    @Option(help: ArgumentHelp("Port of the binary protocol (7400); 0: the system chooses.", valueName: "port"))
    var ingestPort: String?
    @Option(help: ArgumentHelp("Write the bound port to this file.", valueName: "file"))
    var portFile: String?
    @Flag(inversion: .prefixedNo, help: "Serve the management API (yes).")
    var api: Bool?
    @Option(help: ArgumentHelp("Address of the management API (127.0.0.1).", valueName: "host"))
    var apiHost: String?
    @Option(help: ArgumentHelp("Port of the management API (7480); 0: the system chooses.", valueName: "port"))
    var apiPort: String?
    @Option(help: ArgumentHelp("Write the bound port of the management API to this file.", valueName: "file"))
    var apiPortFile: String?
    @Option(help: ArgumentHelp("Certificate of the ingest port (PEM): TLS instead of plaintext.", valueName: "file"))
    var tlsCertificate: String?
    @Option(help: ArgumentHelp("Its private key (PEM).", valueName: "file"))
    var tlsKey: String?
    @Option(help: ArgumentHelp("Also listen on this Unix socket.", valueName: "path"))
    var unixSocket: String?
    @Flag(help: "Allow plaintext on addresses other than loopback.")
    var allowPlaintext = false
    @Flag(help: "Apply a provisioning file that removes more than half of the endpoints or API keys.")
    var allowRemoval = false
    @Flag(help: "Deliver to http:// endpoints too.")
    var allowHttp = false
    @Option(help: ArgumentHelp("A private network that endpoints may use; repeatable.", valueName: "cidr[:port]"))
    var allowNetwork: [String] = []
    @Option(help: ArgumentHelp("Threads that deliver (0: one per core, at most 8).", valueName: "n"))
    var senderThreads: String?
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: String?
    @Option(help: ArgumentHelp("text or json.", valueName: "format"))
    var logFormat: String?

    func run() async throws {
        let configuration = try ServerConfiguration.load(
            file: config, environment: ProcessEnvironment.variables, flags: flags)
        try await runServer(configuration: configuration, logger: configuration.log.makeLogger())
    }

    /// The flags that were set. `ServerConfiguration` interprets them.
    private var flags: [ServerConfiguration.FlagValue] {
        let single = [
            ("data", data), ("provision", provision), ("ingest-host", ingestHost), ("ingest-port", ingestPort),
            ("port-file", portFile), ("api", api.map { $0 ? "true" : "false" }), ("api-host", apiHost),
            ("api-port", apiPort), ("api-port-file", apiPortFile), ("tls-certificate", tlsCertificate),
            ("tls-key", tlsKey),
            ("unix-socket", unixSocket), ("sender-threads", senderThreads), ("log-level", logLevel),
            ("log-format", logFormat), ("allow-plaintext", allowPlaintext ? "true" : nil),
            ("allow-http", allowHttp ? "true" : nil), ("allow-removal", allowRemoval ? "true" : nil),
        ]
        var flags = single.compactMap { name, text in text.map { ServerConfiguration.FlagValue(name, [$0]) } }
        if !allowNetwork.isEmpty { flags.append(.init("allow-network", allowNetwork)) }
        return flags
    }
}
