/// Results as text lines.
public enum ReportText {
    /// A line for each result; for a deviation what was expected, what came and the bytes.
    public static func lines(of result: CheckResult) -> [String] {
        let check = result.check
        let name = columns(of: check)
        switch result.verdict {
        case .passed:
            return ["ok    " + name + check.title]
        case .skipped(let reason):
            return ["skip  " + name + reason]
        case .failed(let deviation):
            var lines = ["FAIL  " + name + check.title]
            lines.append("        clause    \(deviation.clause)")
            lines.append("        expected  \(deviation.expected)")
            lines.append("        got       \(deviation.actual)")
            if !deviation.received.isEmpty { lines.append("        received  \(deviation.received)") }
            if !deviation.sent.isEmpty { lines.append("        sent      \(deviation.sent)") }
            return lines
        }
    }

    /// One line at the end.
    public static func summary(of report: Report) -> String {
        var text = "\(report.passed) passed, \(report.failed.count) failed, \(report.skipped.count) skipped"
        text += " in \(seconds(report.duration)) s"
        if !report.brokenClauses.isEmpty { text += "; broken clauses: " + report.brokenClauses.joined(separator: ", ") }
        return text
    }

    /// A line for a check of the catalogue.
    public static func line(of check: Check) -> String {
        columns(of: check) + check.title
    }

    /// With one decimal.
    static func seconds(_ duration: Duration) -> String {
        let tenths = (duration.milliseconds + 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func columns(of check: Check) -> String {
        padded(check.id, to: 32) + padded(check.clauses.joined(separator: " "), to: 13)
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
