import Configuration
import Logging
import Settings
import Threading
import WebhookModel

// The list of all keys. A new key is an entry here and a property in `ServerConfiguration`.
extension ServerConfiguration {
    static let settings =
        general + listenerSettings + ingestSettings + apiSettings + queueSettings + retrySettings + senderSettings
        + secretSettings
        + logSettings

    private static let general: [Setting] = [
        .text(
            "data.directory", \.dataDirectory, flag: "data",
            "Directory of the store; created if it does not exist. It must be on a local disk: LMDB does not work over a network."
        ),
        .path(
            "provision.file", \.provisioningFile, flag: "provision",
            "YAML file of tenants, API keys and endpoints that is applied to the store at start and at SIGHUP."),
        .truth(
            "provision.allow_removal", \.allowRemoval, flag: "allow-removal",
            "Apply a provisioning file that removes more than half of the endpoints or API keys. Without it such a file is refused: "
                + "it may have been cut off. For one start or SIGHUP; do not leave it on."),
        .duration(
            "shutdown.grace", \.shutdownGrace, 0...600_000,
            "How long a stop waits for attempts in flight. Attempts that do not end in time are repeated after a restart."
        ),
    ]

    private static let listenerSettings: [Setting] = [
        .text("ingest.host", \.ingest.host, flag: "ingest-host", "Address that producers connect to."),
        .integer(
            "ingest.port", \.ingest.port, 0...65_535, flag: "ingest-port",
            "TCP port of the binary protocol; 0: the system chooses one."),
        .path(
            "ingest.port_file", \.ingest.portFile, flag: "port-file",
            "File that the bound port is written to when connections are accepted. For scripts that use port 0."),
        .truth(
            "ingest.allow_plaintext", \.ingest.allowPlaintext, flag: "allow-plaintext",
            "Serve a host other than loopback without TLS: API keys and events cross the network in plaintext."),
        .truth("ingest.tcp", \.ingest.tcp, "Whether to listen on host and port; false: on unix_socket only."),
        .path(
            "ingest.unix_socket", \.ingest.unixSocket, flag: "unix-socket",
            "Unix socket to listen on, for producers on this machine. A socket that is left from a crash is replaced."),
        .octal(
            "ingest.unix_socket_mode", \.ingest.unixSocketMode,
            "Mode of the socket file: who may connect. An API key is needed as well."),
        .path(
            "ingest.tls.certificate", \.ingest.tls.certificate, flag: "tls-certificate",
            "PEM file of the certificate for host and port, followed by the intermediate ones: the port then accepts TLS 1.2 or "
                + "later only. Read again at SIGHUP; existing connections continue."),
        .path(
            "ingest.tls.key", \.ingest.tls.key, flag: "tls-key", "PEM file of its private key, without a passphrase."),
        .path(
            "ingest.tls.client_ca", \.ingest.tls.clientCA,
            "PEM file of the authorities that must have issued the certificates of producers."),
        .choice(
            "ingest.tls.client_certificates", \.ingest.tls.clientCertificates,
            "Whether producers present client certificates. An API key may name some (client_certificates in the "
                + "provisioning file): a HELLO with an empty key is then authenticated by one of them."),
    ]

    private static let ingestSettings: [Setting] = [
        .integer(
            "ingest.threads", \.ingest.threads, 0...64,
            "Event loops; 0: one, and one more for every four cores beyond the first four."),
        .bytes(
            "ingest.frame_size", \.ingest.frameBytes, (512 << 10)...(16 << 20),
            "Largest body of a frame. Announced to producers."),
        .bytes(
            "ingest.payload_size", \.ingest.payloadBytes, (1 << 10)...(8 << 20),
            "Largest payload of an event. Announced to producers; receivers commonly reject more than 256KiB."),
        .integer(
            "ingest.events_per_frame", \.ingest.eventsPerFrame, 1...Limits.eventsPerFrame,
            "Largest number of events in a frame. Announced to producers."),
        .integer(
            "ingest.window_events", \.ingest.windowEvents, 1...1_048_576,
            "Largest number of unacknowledged events of one connection. Announced to producers."),
        .bytes(
            "ingest.window_size", \.ingest.windowBytes, (1 << 20)...(256 << 20),
            "Largest number of unacknowledged bytes of one connection. Announced to producers."),
        .integer(
            "ingest.connections", \.ingest.connections, 1...1_048_576,
            "Largest number of producer connections; keep the limit of open files (`ulimit -n`) above it."),
        .integer(
            "ingest.unauthenticated_connections", \.ingest.unauthenticatedConnections, 1...65_536,
            "Largest number of connections that have not authenticated yet."),
        .integer(
            "ingest.unauthenticated_connections_per_address", \.ingest.unauthenticatedConnectionsPerAddress,
            1...65_536, "The same from one address."),
        .duration(
            "ingest.hello_timeout", \.ingest.helloMilliseconds, 100...60_000,
            "A connection that has not authenticated within this time is closed."),
        .duration(
            "ingest.idle_timeout", \.ingest.idleMilliseconds, 1_000...3_600_000,
            "A connection without a frame for this time is closed. Announced to producers."),
    ]

    private static let queueSettings: [Setting] = [
        .bytes(
            "queue.map_size", \.queue.mapBytes, (64 << 20)...(16 << 40),
            "Largest size of the store. It reserves address space, not memory or disk: the file grows as needed."),
        .bytes(
            "queue.disk_reserve", \.queue.diskReserveBytes, 0...(1 << 40),
            "With less free disk space than this new events are refused (STORAGE_FULL); deliveries continue."),
        .duration(
            "queue.retention", \.queue.retentionMilliseconds, 60_000...31_536_000_000,
            "How long an event and its id are kept at least. This is the dedup window: within it an event that is sent twice "
                + "is stored once. Pending deliveries never expire."),
        .duration(
            "queue.dead_letter_retention", \.queue.deadLetterMilliseconds, 60_000...315_360_000_000,
            "How long a dead letter is kept: a delivery that has used all its attempts."),
        .integer(
            "queue.tenant_backlog", \.queue.tenantBacklog, 1...Limits.tenantBacklogMost,
            "Largest number of pending deliveries of one tenant. At the limit the events of this tenant, and no other, are answered "
                + "THROTTLED until a twentieth is free again. A tenant may have its own limit (backlog in the provisioning file)."
        ),
        .duration(
            "queue.removal_hold", \.queue.removedHoldMilliseconds, 0...2_592_000_000,
            "How long the deliveries of a removed endpoint wait for it to be created again under its name. After that they become "
                + "dead letters (endpointRemoved)."),
    ]

    private static let retrySettings: [Setting] = [
        .durations(
            "retry.delays", \.retry.delays, 0...Limits.retryDelayMilliseconds, most: Limits.attempts - 1,
            "Delays after the first, second, … failed attempt, where neither the endpoint nor its tenant has a policy. After the "
                + "last attempt the delivery becomes a dead letter."),
        .integer(
            "retry.jitter_percent", \.retry.jitterPercent, 0...100,
            "Each delay is changed at random by at most ± this share."),
        .integer(
            "retry.max_attempts", \.retry.maxAttempts, 0...Limits.attempts,
            "Number of attempts by a rule instead of the list: delay n is backoff_seconds × factor^(n-1), at most cap. 0: the list is used."
        ),
        .number("retry.backoff_seconds", \.retry.backoffSeconds, 0.001...604_800, "First delay of the rule."),
        .number("retry.factor", \.retry.factor, 1...10, "The rule multiplies each delay with it to get the next."),
        .duration("retry.cap", \.retry.cap, 1...Limits.retryDelayMilliseconds, "Longest delay of the rule."),
        .integer(
            "retry.tenant_rate", \.retry.tenantRate, 1...Limits.retriesPerSecondMost,
            "Retries per second of one tenant. Retries above it are delayed by at most a day. A tenant may have its "
                + "own rate (retry_rate in the provisioning file)."),
    ]

    private static let senderSettings: [Setting] = [
        .integer(
            "sender.threads", \.sender.threads, 0...64, flag: "sender-threads",
            "Threads that deliver; 0: one per core, at most 8."),
        .integer(
            "sender.transfers_per_thread", \.sender.transfersPerThread, 1...Limits.heldPerSender,
            "Largest number of attempts in flight in one thread: the rate of a thread times the time that receivers take. "
                + "Each costs a descriptor, with TLS also some tens of KiB; all threads together get a third of the descriptors."
        ),
        .duration(
            "sender.connect_timeout", \.sender.connectMilliseconds, 100...60_000,
            "Time to establish a connection, TLS included. The time of a whole attempt is a setting of the endpoint."),
        .duration(
            "sender.breaker_open", \.sender.breakerOpenMilliseconds, 100...600_000,
            "How long an endpoint gets no attempts after ten failures in a row, or 70 % of at least ten attempts in 30 s; "
                + "doubled after each failed probe, at most 10 minutes. Its deliveries wait and use no attempts."
        ),
        .truth(
            "sender.allow_http", \.sender.allowHTTP, flag: "allow-http",
            "Deliver to http:// too. Payloads then cross the network in plaintext, signed but readable."),
        .list(
            "sender.allow_networks", \.sender.allowNetworks, flag: "allow-network",
            each: "networks as 10.0.0.0/8, 10.1.2.3:8080 or [fd00::/8]:8443",
            "Private networks that endpoints may be in; all others are refused, loopback too. Metadata addresses are always refused.",
            fits: { (try? NetworkEntry($0)) != nil }),
        .list(
            "sender.deny_networks", \.sender.denyNetworks,
            each: "networks as 10.0.0.0/8, 10.1.2.3:8080 or [fd00::/8]:8443",
            "Networks that endpoints may not be in. This overrides every list of allowed networks.",
            fits: { (try? NetworkEntry($0)) != nil }),
        .path(
            "sender.ca_file", \.sender.authoritiesFile,
            "PEM file of the only accepted authorities of endpoints' certificates; empty: those of the system. An endpoint may have its own (ca_file)."
        ),
        .path(
            "sender.proxy", \.sender.proxy,
            "Proxy for all attempts, http://host:port. It is asked for a tunnel (CONNECT) to the checked address. An endpoint may have its own proxy, or none (direct)."
        ),
        .path("sender.proxy_user", \.sender.proxyUser, "User name for the proxy; empty: none."),
        .path("sender.proxy_password_file", \.sender.proxyPasswordFile, "File with the password for the proxy."),
    ]

    private static let secretSettings: [Setting] = [
        .path(
            "secrets.master_key_file", \.secrets.masterKeyFile,
            "File with the key that encrypts endpoints' secrets and header values on disk: base64 of 32 bytes (`openssl rand -base64 32`). "
                + "The runbook names a variable that may contain the key instead. Without a key, secrets are stored in plaintext."
        ),
        .list(
            "secrets.previous_master_key_files", \.secrets.previousMasterKeyFiles, each: "paths",
            "Former keys. What was encrypted with them is encrypted with the new key at the next start.",
            // The system would end a path at a NUL, and we would not.
            fits: { !$0.isEmpty && $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }),
    ]

    private static let apiSettings: [Setting] = [
        .truth(
            "api.enabled", \.api.enabled, flag: "api",
            "Whether to serve the management API. Its first start makes an API key, and writes it to admin-key in the data directory."
        ),
        .text("api.host", \.api.host, flag: "api-host", "Address of the management API."),
        .integer(
            "api.port", \.api.port, 0...65_535, flag: "api-port",
            "TCP port of the management API; 0: the system chooses one."),
        .path(
            "api.port_file", \.api.portFile, flag: "api-port-file",
            "File that the bound port is written to when connections are accepted. For scripts that use port 0."),
        .truth(
            "api.allow_plaintext", \.api.allowPlaintext,
            "Serve a host other than loopback, as behind a proxy with TLS: API keys and payloads cross the network in plaintext."
        ),
        .integer(
            "api.connections", \.api.connections, 1...65_536,
            "Connections at once. More wait until one ends."),
    ]

    private static let logSettings: [Setting] = [
        .choice("log.level", \.log.level, flag: "log-level", "Lines below this level are not written."),
        .choice(
            "log.format", \.log.format, flag: "log-format", "text for people, json for collectors: one object per line."
        ),
    ]

    /// Takes each value from the first source that has it. A value that no source has keeps its default.
    ///
    /// A mistake names its place as the source does: file, line and column, variable or flag.
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
                if place.hasPrefix("--") { mistakes.concernsArguments = true }
                let found = texts.map { "\"\($0)\"" }.joined(separator: ", ")
                mistakes.add("\(place)invalid value \(found) for \(setting.key); expected \(setting.expected)")
            }
        }
        try mistakes.throwIfAny()
    }
}

/// Remembers which provider gave the latest value.
private final class OriginRecorder: AccessReporter {
    private let provider = Locked("")

    var latest: String { provider.withLock { $0 } }

    func report(_ event: AccessEvent) {
        let answering = event.providerResults.last { (try? $0.result.get().value) != nil }
        provider.withLock { $0 = answering?.providerName ?? "" }
    }
}
