import Glibc
public import Logging

extension ServerConfiguration.LogSection {
    /// A logger that writes to standard error in the chosen format, from the chosen level on.
    public func makeLogger(label: String = "needletail") -> Logger {
        Logger(label: label) { _ in LineLogHandler(format: format, logLevel: level) }
    }
}

/// Writes each record as one line, in one write(2), so lines of several threads never mix.
struct LineLogHandler: LogHandler {
    let format: ServerConfiguration.LogSection.Format
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(format: ServerConfiguration.LogSection.Format, logLevel: Logger.Level) {
        self.format = format
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let own = event.metadata { fields.merge(own) { _, new in new } }
        if let error = event.error { fields["error"] = "\(error)" }
        let pairs = fields.map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = LogLine.time(seconds: now.tv_sec, nanoseconds: now.tv_nsec)
        var line = LogLine.text(
            format, time: time, level: event.level.rawValue, message: event.message.description, pairs)
        // A log that cannot be written is lost: there is nobody to tell.
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// How a log record looks.
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

    /// Whether a value reads well, and only as itself, without quotes.
    private static func bare(_ value: String) -> Bool {
        !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D }
    }

    /// What comes from outside cannot begin a line of its own.
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
