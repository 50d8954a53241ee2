import Glibc
package import Logging
import Threading
import WebhookModel

extension ServerConfiguration.LogSection {
    /// A logger that writes to standard error in the chosen format, from the chosen level on.
    ///
    /// A log call never waits for standard error, except at the level `critical`. What waits is written before the
    /// process exits.
    package func makeLogger(label: String = "needletail") -> Logger {
        let writer = LineLogHandler.writer(format, descriptor: STDERR_FILENO)
        ExitFlush.add(writer)
        return Logger(label: label) { _ in LineLogHandler(format: format, logLevel: level, writer: writer) }
    }
}

/// Makes one line of each record.
package struct LineLogHandler: LogHandler {
    private let format: ServerConfiguration.LogSection.Format
    private let writer: LogWriter
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    package init(format: ServerConfiguration.LogSection.Format, logLevel: Logger.Level, writer: LogWriter) {
        self.format = format
        self.logLevel = logLevel
        self.writer = writer
    }

    /// A writer that reports dropped lines in the format.
    package static func writer(
        _ format: ServerConfiguration.LogSection.Format, descriptor: CInt, capacity: Int = Limits.logBufferBytes
    ) -> LogWriter {
        LogWriter(descriptor: descriptor, capacity: capacity) { count in
            let lines = count == 1 ? "1 log line was" : "\(count) log lines were"
            return LogLine.text(
                format, time: LogLine.now(), level: Logger.Level.warning.rawValue,
                message: "\(lines) dropped because standard error was not read", [])
        }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let own = event.metadata { fields.merge(own) { _, new in new } }
        if let error = event.error { fields["error"] = "\(error)" }
        let pairs = fields.map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
        let isCritical = event.level == .critical
        writer.write(
            LogLine.text(
                format, time: LogLine.now(), level: event.level.rawValue, message: event.message.description, pairs),
            mustStay: isCritical)
        // The process is about to end, perhaps by _exit(2), which flushes nothing.
        if isCritical { writer.flush() }
    }
}

/// Flushes the log when the process exits (atexit(3)).
private enum ExitFlush {
    private static let writers = Locked<[LogWriter]>([])
    private static let registered: Void = {
        _ = atexit { for writer in ExitFlush.writers.withLock(\.self) { writer.flush() } }
    }()

    static func add(_ writer: LogWriter) {
        _ = registered
        writers.withLock { $0.append(writer) }
    }
}

/// The text of a log record.
package enum LogLine {
    package static func text(
        _ format: ServerConfiguration.LogSection.Format, time: String, level: String, message: String,
        _ fields: [(String, String)]
    ) -> String {
        switch format {
        case .text:
            let padding = String(repeating: " ", count: max(0, 8 - level.count))
            let tail = fields.map { " \($0)=\(bare($1) ? $1 : quoted($1))" }.joined()
            return "\(time) \(level)\(padding) \(onOneLine(message))\(tail)\n"
        case .json:
            let head = [("time", time), ("level", level), ("message", message)]
            return "{" + (head + fields).map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}\n"
        }
    }

    static func now() -> String {
        let wall = Instant.now().wall
        return time(seconds: Int(wall / 1_000_000_000), nanoseconds: Int(wall % 1_000_000_000))
    }

    /// RFC 3339 in UTC with milliseconds.
    package static func time(seconds: Int, nanoseconds: Int) -> String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0, 2) }.joined(separator: ":")
        return "\(date)T\(clock).\(padded(Int32(nanoseconds / 1_000_000), 3))Z"
    }

    private static func padded(_ number: Int32, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Whether a value needs no quotes.
    private static func bare(_ value: String) -> Bool {
        !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D }
    }

    /// Text from outside must not begin a line of its own.
    private static func onOneLine(_ text: String) -> String {
        text.utf8.contains { $0 < 0x20 || $0 == 0x7F } ? String(quoted(text).dropFirst().dropLast()) : text
    }

    /// A JSON string (RFC 8259, section 7).
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
