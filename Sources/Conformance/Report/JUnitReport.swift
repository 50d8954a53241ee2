/// Results as JUnit XML, for continuous integration.
///
/// One suite per group. A test case has its check's id and, as class name, its main clause, so that a viewer groups by
/// clause.
public enum JUnitReport {
    public static func text(_ report: Report) -> String {
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        lines.append(
            "<testsuites name=\"needletail conformance \(escaped(report.address.description))\" \(counts(report.results))>"
        )
        var groups: [String] = []
        for result in report.results where !groups.contains(result.check.group) { groups.append(result.check.group) }
        for group in groups {
            let results = report.results.filter { $0.check.group == group }
            lines.append("  <testsuite name=\"\(escaped(group))\" \(counts(results))>")
            lines += results.flatMap(testCase)
            lines.append("  </testsuite>")
        }
        lines.append("</testsuites>")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func counts(_ results: [CheckResult]) -> String {
        let report = Report(address: .unix(path: "-"), results: results, duration: .zero)
        let time = results.reduce(Duration.zero) { $0 + $1.duration }
        return "tests=\"\(results.count)\" failures=\"\(report.failed.count)\" errors=\"0\""
            + " skipped=\"\(report.skipped.count)\" time=\"\(seconds(time))\""
    }

    private static func testCase(_ result: CheckResult) -> [String] {
        let check = result.check
        let head =
            "    <testcase classname=\"clause \(check.clauses[0])\" name=\"\(escaped(check.id + ": " + check.title))\""
            + " time=\"\(seconds(result.duration))\""
        switch result.verdict {
        case .passed: return [head + "/>"]
        case .skipped(let reason):
            return [head + ">", "      <skipped message=\"\(escaped(reason))\"/>", "    </testcase>"]
        case .failed(let deviation):
            let message = "clause \(deviation.clause): expected \(deviation.expected), got \(deviation.actual)"
            return [
                head + ">",
                "      <failure type=\"clause \(deviation.clause)\" message=\"\(escaped(message))\">"
                    + "received \(escaped(deviation.received)) sent \(escaped(deviation.sent))</failure>",
                "    </testcase>",
            ]
        }
    }

    /// With three decimals.
    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        let digits = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// XML 1.0, 2.4. Control characters, which XML does not allow, become spaces.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where character.value < 0x20: result += " "
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
