import Ingest
import Settings
import WebhookModel

extension ServerConfiguration {
    /// A command-line flag that was given, with its values: several where it may be repeated.
    public struct FlagValue: Sendable {
        /// Without the dashes.
        public var name: String
        public var texts: [String]

        public init(_ name: String, _ texts: [String]) {
            self.name = name
            self.texts = texts
        }
    }

    /// Reads the configuration: defaults < file < environment < flags. A list is taken whole from the strongest source that has it.
    ///
    /// - Parameters:
    ///   - file: path of a YAML file; nil where there is none.
    ///   - environment: all variables of the process; those that begin with `NEEDLETAIL_` count.
    /// - Throws: every mistake that can be told at once, one line each.
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

    /// What no key can tell alone.
    private func checkTogether() throws(InputMistakes) {
        var mistakes = InputMistakes()
        ingest.checkListeners(&mistakes)
        sender.checkEgress(&mistakes)
        if ingest.frameBytes < ingest.payloadBytes + Limits.recordOverheadBytes {
            let least = Quantity.text(bytes: ingest.payloadBytes + Limits.recordOverheadBytes)
            mistakes.add(
                "ingest.frame_size: \(Quantity.text(bytes: ingest.frameBytes)) does not hold one event; "
                    + "give at least \(least) (ingest.payload_size and its record)")
        }
        if ingest.windowBytes < ingest.frameBytes {
            mistakes.add(
                "ingest.window_size: \(Quantity.text(bytes: ingest.windowBytes)) does not hold one frame; "
                    + "give at least ingest.frame_size (\(Quantity.text(bytes: ingest.frameBytes)))")
        }
        if ingest.windowEvents < ingest.eventsPerFrame {
            mistakes.add(
                "ingest.window_events: \(ingest.windowEvents) does not hold one frame; "
                    + "give at least ingest.events_per_frame (\(ingest.eventsPerFrame))")
        }
        retry.check(&mistakes)
        try mistakes.throwIfAny()
    }
}

extension ServerConfiguration.IngestSection {
    fileprivate func checkListeners(_ mistakes: inout InputMistakes) {
        if !tcp, unixSocket == nil {
            mistakes.add("ingest.tcp: is false, and there is no ingest.unix_socket; give one")
        }
        if tcp, tls.certificate == nil, !allowPlaintext, !isLoopback {
            mistakes.add(
                "ingest.host: \(host) is not loopback, and producers would send their API keys in clear; use 127.0.0.1, "
                    + "give ingest.tls.certificate and ingest.tls.key, or set ingest.allow_plaintext (--allow-plaintext) "
                    + "in a network that you trust")
        }
        switch (tls.certificate, tls.key) {
        case (nil, nil):
            if tls.clientCA != nil || tls.clientCertificates != .none {
                mistakes.add("ingest.tls.certificate: is missing; client certificates need the server's own first")
            }
        case (nil, _): mistakes.add("ingest.tls.certificate: is missing beside ingest.tls.key; give both, or neither")
        case (_, nil): mistakes.add("ingest.tls.key: is missing beside ingest.tls.certificate; give both, or neither")
        default: checkClientCertificates(&mistakes)
        }
    }

    private func checkClientCertificates(_ mistakes: inout InputMistakes) {
        if tls.clientCertificates != .none, tls.clientCA == nil {
            mistakes.add("ingest.tls.client_ca: is missing; ingest.tls.client_certificates needs it")
        }
        if tls.clientCertificates == .none, tls.clientCA != nil {
            mistakes.add(
                "ingest.tls.client_ca: is of no use while ingest.tls.client_certificates is none; give optional or required"
            )
        }
    }

    /// Whether only this machine reaches the listener.
    var isLoopback: Bool {
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
