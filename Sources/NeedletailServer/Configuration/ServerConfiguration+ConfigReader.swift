import Configuration
import Logging
import Settings
import Threading
import WebhookModel

// The one place that knows keys. A new key is a line here and a property in `ServerConfiguration`.
extension ServerConfiguration {
    static let settings =
        general + listenerSettings + ingestSettings + queueSettings + retrySettings + senderSettings + secretSettings
        + logSettings

    private static let general: [Setting] = [
        .text(
            "data.directory", \.dataDirectory, flag: "data",
            "Directory of the store; made when it is not there. On a local disk: LMDB does not work over a network."),
        .path(
            "provision.file", \.provisioningFile, flag: "provision",
            "YAML file of tenants, API keys and endpoints that the store converges to at start and at SIGHUP."),
        .duration(
            "shutdown.grace", \.shutdownGrace, 0...600_000,
            "How long a stop waits for attempts in flight. What does not end in time is tried again after a restart."),
    ]

    private static let listenerSettings: [Setting] = [
        .text("ingest.host", \.ingest.host, flag: "ingest-host", "Address that producers connect to."),
        .integer(
            "ingest.port", \.ingest.port, 0...65_535, flag: "ingest-port",
            "TCP port of the binary protocol; 0 lets the system choose one."),
        .path(
            "ingest.port_file", \.ingest.portFile, flag: "port-file",
            "File that the bound port is written to, once connections are taken. For scripts that start with port 0."),
        .truth(
            "ingest.allow_plaintext", \.ingest.allowPlaintext, flag: "allow-plaintext",
            "Serve a host other than loopback without TLS: API keys and events cross the network in clear."),
        .truth("ingest.tcp", \.ingest.tcp, "Whether host and port are listened on; false: unix_socket only."),
        .path(
            "ingest.unix_socket", \.ingest.unixSocket, flag: "unix-socket",
            "Unix socket to listen on, for producers on this machine. One that a crash left behind is replaced."),
        .octal(
            "ingest.unix_socket_mode", \.ingest.unixSocketMode,
            "Mode of the socket's file: who may connect. An API key is needed all the same."),
        .path(
            "ingest.tls.certificate", \.ingest.tls.certificate, flag: "tls-certificate",
            "PEM file of the certificate for host and port, the intermediate ones after it: TLS 1.2 or later is spoken "
                + "there, and nothing else. Read again at SIGHUP; connections go on."),
        .path(
            "ingest.tls.key", \.ingest.tls.key, flag: "tls-key", "PEM file of its private key, without a passphrase."),
        .path(
            "ingest.tls.client_ca", \.ingest.tls.clientCA,
            "PEM file of the authorities that the certificates of producers must come from."),
        .choice(
            "ingest.tls.client_certificates", \.ingest.tls.clientCertificates,
            "Whether producers show certificates of their own. An API key may name some (client_certificates in the "
                + "provisioning file): HELLO with an empty key then opens it."),
    ]

    private static let ingestSettings: [Setting] = [
        .integer(
            "ingest.threads", \.ingest.threads, 0...64,
            "Event loops; 0 is automatic: one, and one more for every four cores beyond the first four."),
        .bytes(
            "ingest.frame_size", \.ingest.frameBytes, (512 << 10)...(16 << 20),
            "Body of a frame at most. Announced to producers."),
        .bytes(
            "ingest.payload_size", \.ingest.payloadBytes, (1 << 10)...(8 << 20),
            "Payload of an event at most. Announced to producers; receivers commonly refuse more than 256KiB."),
        .integer(
            "ingest.events_per_frame", \.ingest.eventsPerFrame, 1...Limits.eventsPerFrame,
            "Events of a frame at most. Announced to producers."),
        .integer(
            "ingest.window_events", \.ingest.windowEvents, 1...1_048_576,
            "Unacknowledged events of one connection at most. Announced to producers."),
        .bytes(
            "ingest.window_size", \.ingest.windowBytes, (1 << 20)...(256 << 20),
            "Unacknowledged bytes of one connection at most. Announced to producers."),
        .integer(
            "ingest.connections", \.ingest.connections, 1...1_048_576,
            "Producer connections at most; keep the limit of open files (`ulimit -n`) above it."),
        .integer(
            "ingest.unauthenticated_connections", \.ingest.unauthenticatedConnections, 1...65_536,
            "Connections at most that have not yet shown an API key."),
        .integer(
            "ingest.unauthenticated_connections_per_address", \.ingest.unauthenticatedConnectionsPerAddress,
            1...65_536, "The same, from one address."),
        .duration(
            "ingest.hello_timeout", \.ingest.helloMilliseconds, 100...60_000,
            "A connection that has not shown its API key by then is closed."),
        .duration(
            "ingest.idle_timeout", \.ingest.idleMilliseconds, 1_000...3_600_000,
            "A connection without a frame for so long is closed. Announced to producers."),
    ]

    private static let queueSettings: [Setting] = [
        .bytes(
            "queue.map_size", \.queue.mapBytes, (64 << 20)...(16 << 40),
            "Most that the store can ever hold. Address space, not memory and not disk: the file grows as needed."),
        .bytes(
            "queue.disk_reserve", \.queue.diskReserveBytes, 0...(1 << 40),
            "With less than this free on the disk new events are refused (STORAGE_FULL); deliveries go on."),
        .duration(
            "queue.retention", \.queue.retentionMilliseconds, 60_000...31_536_000_000,
            "How long an event is kept at least, and with it its id: the dedup window, in which an event sent twice is "
                + "stored once. What is pending never goes by age."),
        .duration(
            "queue.dead_letter_retention", \.queue.deadLetterMilliseconds, 60_000...315_360_000_000,
            "How long a delivery whose attempts are spent is kept."),
        .integer(
            "queue.tenant_backlog", \.queue.tenantBacklog, 1...Limits.tenantBacklogMost,
            "Pending deliveries of one tenant at most: from there on its events are answered THROTTLED, and nobody else's, until a "
                + "twentieth is free again. A tenant may have its own (backlog in the provisioning file)."),
    ]

    private static let retrySettings: [Setting] = [
        .durations(
            "retry.delays", \.retry.delays, 0...Limits.retryDelayMilliseconds, most: Limits.attempts - 1,
            "When a failed attempt is made again, where neither the endpoint nor its tenant has a policy: after the first, the second "
                + "and so on. After the last the delivery is a dead letter."),
        .integer(
            "retry.jitter_percent", \.retry.jitterPercent, 0...100, "Each delay is spread evenly over ± this share."),
        .integer(
            "retry.max_attempts", \.retry.maxAttempts, 0...Limits.attempts,
            "Attempts by rule instead of the list: delay n is backoff_seconds × factor to the n-1, at most cap. 0: by the list."
        ),
        .number("retry.backoff_seconds", \.retry.backoffSeconds, 0.001...604_800, "The rule's first delay."),
        .number("retry.factor", \.retry.factor, 1...10, "What the rule multiplies each delay with for the next."),
        .duration("retry.cap", \.retry.cap, 1...Limits.retryDelayMilliseconds, "The rule's longest delay."),
        .integer(
            "retry.tenant_rate", \.retry.tenantRate, 1...Limits.retriesPerSecondMost,
            "Attempts after the first, a second, of one tenant; what is over it is made later, by a day at most. A tenant may have its "
                + "own (retry_rate in the provisioning file)."),
    ]

    private static let senderSettings: [Setting] = [
        .integer(
            "sender.threads", \.sender.threads, 0...64, flag: "sender-threads",
            "Threads that deliver; 0 is automatic: one per core, at most 8."),
        .integer(
            "sender.transfers_per_thread", \.sender.transfersPerThread, 1...4_096,
            "Attempts in flight in one thread at most. Beyond some hundred each costs more."),
        .duration(
            "sender.connect_timeout", \.sender.connectMilliseconds, 100...60_000,
            "Until the connection stands, TLS included. The whole attempt's time is the endpoint's own."),
        .duration(
            "sender.breaker_open", \.sender.breakerOpenMilliseconds, 100...600_000,
            "How long an endpoint is left alone after ten failures in a row, or 70 % of ten and more in 30 s; "
                + "twice as long after each probe that fails, 10 minutes at most. Its deliveries wait and spend no attempt."
        ),
        .truth(
            "sender.allow_http", \.sender.allowHTTP, flag: "allow-http",
            "Deliver to http:// too. Payloads then cross the network in clear, signed but readable."),
        .list(
            "sender.allow_networks", \.sender.allowNetworks, flag: "allow-network",
            each: "networks as 10.0.0.0/8, 10.1.2.3:8080 or [fd00::/8]:8443",
            "Private networks that endpoints may lie in; others are refused, loopback too. Never opens metadata addresses.",
            fits: { (try? NetworkEntry($0)) != nil }),
        .list(
            "sender.deny_networks", \.sender.denyNetworks,
            each: "networks as 10.0.0.0/8, 10.1.2.3:8080 or [fd00::/8]:8443",
            "Networks that endpoints may not lie in, whatever is allowed, here or for a tenant.",
            fits: { (try? NetworkEntry($0)) != nil }),
        .path(
            "sender.ca_file", \.sender.authoritiesFile,
            "PEM file of the only authorities that endpoints' certificates may come from; empty: the system's. An endpoint may have its own (ca_file)."
        ),
        .path(
            "sender.proxy", \.sender.proxy,
            "Proxy that all attempts go through, http://host:port, by a tunnel (CONNECT) to the vetted address. An endpoint may have its own, or direct."
        ),
        .path("sender.proxy_user", \.sender.proxyUser, "User's name at the proxy; empty: none is given."),
        .path("sender.proxy_password_file", \.sender.proxyPasswordFile, "File with the user's password at the proxy."),
    ]

    private static let secretSettings: [Setting] = [
        .path(
            "secrets.master_key_file", \.secrets.masterKeyFile,
            "File with the key that seals endpoints' secrets and header values on disk: base64 of 32 bytes (`openssl rand -base64 32`). "
                + "The runbook names a variable that may hold the key instead. Without one, secrets are stored as they are."
        ),
        .list(
            "secrets.previous_master_key_files", \.secrets.previousMasterKeyFiles, each: "paths",
            "Keys that were in use before. What they sealed is sealed again under the new one at the next start.",
            // A NUL would end a path for the system and not for us.
            fits: { !$0.isEmpty && $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }),
    ]

    private static let logSettings: [Setting] = [
        .choice("log.level", \.log.level, flag: "log-level", "Lines below this level are left out."),
        .choice(
            "log.format", \.log.format, flag: "log-format", "text for people, json for collectors: one object a line."),
    ]

    /// Takes each value from the first source that has it; what none has keeps its default.
    ///
    /// A mistake is told with the source's own name for the place, which `sources` knows.
    mutating func read(_ sources: ConfigurationSources) throws(InputMistakes) {
        let origin = OriginRecorder()
        let reader = ConfigReader(providers: sources.providers, accessReporter: origin).scoped(to: "needletail")
        var mistakes = InputMistakes()
        for setting in ServerConfiguration.settings {
            let key = ConfigKey(setting.key)
            let texts =
                setting.isList
                ? reader.stringArray(forKey: key)?.filter { !$0.isEmpty } : reader.string(forKey: key).map { [$0] }
            guard let texts else { continue }
            if !setting.accept(texts, &self) {
                let place = sources.place(of: setting, in: origin.latest)
                let found = texts.map { "\"\($0)\"" }.joined(separator: ", ")
                mistakes.add("\(place)\(setting.key): \(found) is no good; give \(setting.wanted)")
            }
        }
        try mistakes.throwIfAny()
    }
}

/// Remembers which provider answered the latest question.
private final class OriginRecorder: AccessReporter {
    private let provider = Locked("")

    var latest: String { provider.withLock { $0 } }

    func report(_ event: AccessEvent) {
        let answering = event.providerResults.last { (try? $0.result.get().value) != nil }
        provider.withLock { $0 = answering?.providerName ?? "" }
    }
}
