import Conformance
import Foundation
import FoundationXML
import Synchronization
import Testing

/// What people and machines read of a run.
@Suite struct ReportTests {
    private static let report: Report = {
        let checks = Catalogue.checks(matching: "header")
        let deviation = Deviation(
            clause: "3.3", expected: "CLOSE <X> & \"Y\"", actual: "a reset", received: "00 01", sent: "ff")
        let results = checks.enumerated().map { index, check in
            let verdict: Verdict = index == 0 ? .failed(deviation) : index == 1 ? .skipped("give --x") : .passed
            return CheckResult(check: check, verdict: verdict, duration: .milliseconds(1_005))
        }
        return Report(address: ServerAddress("127.0.0.1:7400")!, results: results, duration: .milliseconds(2_349))
    }()

    @Test func `the summary has the counts and the broken clauses`() {
        #expect(
            ReportText.summary(of: ReportTests.report)
                == "6 passed, 1 failed, 1 skipped in 2.3 s; broken clauses: 3.3")
    }

    @Test func `a failed check shows the bytes that were sent and received`() {
        let text = ReportText.lines(of: ReportTests.report.results[0]).joined(separator: "\n")
        for part in [
            "FAIL", "clause    3.3", "expected  CLOSE <X>", "got       a reset", "received  00 01", "sent      ff",
        ] {
            #expect(text.contains(part))
        }
    }

    @Test func `the JUnit file is XML and complete`() throws {
        let reader = JUnitReader(JUnitReport.text(ReportTests.report))
        #expect(reader.cases.count == 8)
        #expect(reader.failures == ["clause 3.3: expected CLOSE <X> & \"Y\", got a reset"])
        #expect(reader.skips == ["give --x"])
        #expect(reader.totals == ["tests": "8", "failures": "1", "errors": "0", "skipped": "1", "time": "8.040"])
    }

    @Test func `a terminal shows the check that runs, a file does not`() {
        final class Sink: Sendable {
            let text = Mutex("")
            func take(_ more: String) { text.withLock { $0 += more } }
        }
        let results = ReportTests.report.results
        for isTerminal in [true, false] {
            let lines = Sink()
            let status = Sink()
            let draw: @Sendable (String) -> Void = { status.take($0) }
            let board = ProgressBoard(total: 8, lines: { lines.take($0 + "\n") }, status: isTerminal ? draw : nil)
            board.show(.began(results[2].check))
            board.show(.ended(results[2]))
            board.clear()
            #expect(lines.text.withLock { $0 }.hasPrefix("ok    header-"))
            #expect(status.text.withLock { $0 } == (isTerminal ? "0/8  \(results[2].check.id)\r\u{1B}[K" : ""))
        }
    }

    @Test(
        arguments: [
            ("127.0.0.1:7400", "127.0.0.1:7400"), ("[::1]:1", "[::1]:1"), ("host.example:65535", "host.example:65535"),
            ("unix:/run/x.sock", "unix:/run/x.sock"), ("127.0.0.1", nil), (":7400", nil), ("host:0", nil),
            ("host:65536", nil), ("unix:", nil), ("unix:/" + String(repeating: "x", count: 107), nil),
        ] as [(String, String?)])
    func `an address is parsed`(text: String, means: String?) {
        #expect(ServerAddress(text)?.description == means)
    }
}

/// Reads what the tests look at, by a real XML parser.
private final class JUnitReader: NSObject, XMLParserDelegate {
    private(set) var cases: [String] = []
    private(set) var failures: [String] = []
    private(set) var skips: [String] = []
    private(set) var totals: [String: String] = [:]

    init(_ text: String) {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        #expect(parser.parse(), "not well-formed")
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        switch name {
        case "testsuites": totals = attributes.filter { $0.key != "name" }
        case "testcase": cases.append(attributes["name"] ?? "")
        case "failure": failures.append(attributes["message"] ?? "")
        case "skipped": skips.append(attributes["message"] ?? "")
        default: break
        }
    }
}
