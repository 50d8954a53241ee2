import Ingest
import Settings
import WebhookModel

extension ServerConfiguration {
    /// A command-line flag that was given, with its values: a repeated flag has several.
    public struct FlagValue: Sendable {
        /// Without the dashes.
        public var name: String
        public var texts: [String]

        public init(_ name: String, _ texts: [String]) {
            self.name = name
            self.texts = texts
        }
    }

    /// Reads the configuration. Flags override the environment, which overrides the file, which overrides the defaults.
    /// A list is not merged: the strongest source that has it gives all of it.
    ///
    /// - Parameters:
    ///   - file: path of a YAML file; nil: none.
    ///   - environment: all variables of the process; only those that begin with `NEEDLETAIL_` are used.
    /// - Throws: every mistake that can be reported at once, one line each.
    public static func load(
        file: String?, environment: [String: String], flags: [FlagValue] = []
    ) throws(InputMistakes) -> ServerConfiguration {
        var yaml: YAMLFile?
        if let file { yaml = try YAMLFile(path: file) }
        return try load(file: yaml, environment: environment, flags: flags)
    }

    /// The same from the text of a file.
    package static func load(
        text: String, named name: String, environment: [String: String], flags: [FlagValue] = []
    ) throws(InputMistakes) -> ServerConfiguration {
        try load(file: YAMLFile(name: name, text: text), environment: environment, flags: flags)
    }

    private static func load(
        file: YAMLFile?, environment: [String: String], flags: [FlagValue]
    ) throws(InputMistakes) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        try configuration.read(ConfigurationSources(file: file, environment: environment, flags: flags))
        try configuration.checkTogether()
        return configuration
    }

    /// Checks settings against each other.
    private func checkTogether() throws(InputMistakes) {
        var mistakes = InputMistakes()
        ingest.checkListeners(&mistakes)
        api.check(&mistakes)
        sender.checkEgress(&mistakes)
        if ingest.frameBytes < ingest.payloadBytes + Limits.recordOverheadBytes {
            let least = Quantity.text(bytes: ingest.payloadBytes + Limits.recordOverheadBytes)
            mistakes.add(
                "ingest.frame_size: \(Quantity.text(bytes: ingest.frameBytes)) is too small for one event; "
                    + "expected at least \(least) (ingest.payload_size and the event's other fields)")
        }
        if ingest.windowBytes < ingest.frameBytes {
            mistakes.add(
                "ingest.window_size: \(Quantity.text(bytes: ingest.windowBytes)) is too small for one frame; "
                    + "expected at least ingest.frame_size (\(Quantity.text(bytes: ingest.frameBytes)))")
        }
        if ingest.windowEvents < ingest.eventsPerFrame {
            mistakes.add(
                "ingest.window_events: \(ingest.windowEvents) is too small for one frame; "
                    + "expected at least ingest.events_per_frame (\(ingest.eventsPerFrame))")
        }
        retry.check(&mistakes)
        try mistakes.throwIfAny()
    }
}

extension ServerConfiguration.IngestSection {
    fileprivate func checkListeners(_ mistakes: inout InputMistakes) {
        if !tcp, unixSocket == nil {
            mistakes.add("ingest.unix_socket is missing; ingest.tcp: false needs it")
        }
        if tcp, tls.certificate == nil, !allowPlaintext, !isLoopback {
            mistakes.add(
                "ingest.host: \(host) is not a loopback address, so producers would send their API keys in plaintext; use "
                    + "127.0.0.1, set ingest.tls.certificate and ingest.tls.key, or, in a network that you trust, set "
                    + "ingest.allow_plaintext (--allow-plaintext)")
        }
        switch (tls.certificate, tls.key) {
        case (nil, nil):
            if tls.clientCA != nil || tls.clientCertificates != .none {
                mistakes.add("ingest.tls.certificate is missing; client certificates need it")
            }
        case (nil, _):
            mistakes.add("ingest.tls.certificate (--tls-certificate) is missing; ingest.tls.key (--tls-key) needs it")
        case (_, nil):
            mistakes.add("ingest.tls.key (--tls-key) is missing; ingest.tls.certificate (--tls-certificate) needs it")
        default: checkClientCertificates(&mistakes)
        }
    }

    private func checkClientCertificates(_ mistakes: inout InputMistakes) {
        if tls.clientCertificates != .none, tls.clientCA == nil {
            mistakes.add("ingest.tls.client_ca is missing; ingest.tls.client_certificates needs it")
        }
        if tls.clientCertificates == .none, tls.clientCA != nil {
            mistakes.add(
                "ingest.tls.client_ca needs ingest.tls.client_certificates; expected optional or required"
            )
        }
    }

    /// Whether only this machine can reach the listener.
    var isLoopback: Bool { ServerConfiguration.isLoopback(host) }
}

extension ServerConfiguration.APISection {
    fileprivate func check(_ mistakes: inout InputMistakes) {
        guard enabled, !allowPlaintext, !ServerConfiguration.isLoopback(host) else { return }
        mistakes.add(
            "api.host: \(host) is not a loopback address, so API keys and payloads would cross the network in plaintext; use "
                + "127.0.0.1 with a proxy that adds TLS, or, in a network that you trust, set api.allow_plaintext")
    }
}

extension ServerConfiguration {
    /// Whether only this machine can reach a listener on this host.
    fileprivate static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        guard let address = IPAddress(host), address.family == .v4 else { return false }
        return address.low >> 24 == 127
    }
}

extension ServerConfiguration.TLSSection {
    /// For the ingest port; nil: plaintext.
    var settings: TLSSettings? {
        guard let certificate, let key else { return nil }
        return TLSSettings(
            certificateFile: certificate, keyFile: key, clientCAFile: clientCA, clientCertificates: clientCertificates)
    }
}
