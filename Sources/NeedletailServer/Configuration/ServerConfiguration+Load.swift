import Sender
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
        if !ingest.allowPlaintext, !ingest.isLoopback {
            mistakes.add(
                "ingest.host: \(ingest.host) is not loopback, and producers would send their API keys in clear; "
                    + "use 127.0.0.1, or set ingest.allow_plaintext (--allow-plaintext) in a network that you trust")
        }
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
        try mistakes.throwIfAny()
    }
}

extension ServerConfiguration.IngestSection {
    /// Whether only this machine reaches the listener.
    var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        guard let address = IPAddress(host), address.family == .v4 else { return false }
        return address.low >> 24 == 127
    }
}
