import Conformance
import Foundation
import Testing

/// Compares the catalogue with Protocol.md: every requirement on a server has a check, and every named clause exists.
@Suite struct ClauseTests {
    /// The clauses with their text, by number.
    private static let clauses: [String: String] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/WireProtocol/WireProtocol.docc/Protocol.md")
        let page = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        var clauses: [String: String] = [:]
        for paragraph in page.components(separatedBy: "\n\n") {
            guard let number = paragraph.prefixMatch(of: /(\d+(?:\.\d+)+)\.\s/) else { continue }
            #expect(clauses[String(number.1)] == nil, "clause \(number.1) occurs twice")
            clauses[String(number.1)] = String(paragraph[number.range.upperBound...])
        }
        return clauses
    }()

    @Test func `clauses are numbered, and each has at most one requirement`() {
        #expect(ClauseTests.clauses.count > 90)
        for (number, text) in ClauseTests.clauses {
            let demands = text.matches(of: /\b(MUST|SHOULD|MAY)\b/).count
            #expect(demands <= 1, "clause \(number) has \(demands) requirements; split it")
        }
    }

    @Test func `every requirement on a server has a check, or a reason why not`() {
        let tested = Set(Catalogue.checks.flatMap(\.clauses))
        let untested = Set(Catalogue.untested.map(\.clause))
        for (number, text) in ClauseTests.clauses where text.contains(/\b(server|receiver|sender) MUST\b/) {
            #expect(
                tested.contains(number) != untested.contains(number),
                "clause \(number): it has neither a check nor a reason in Catalogue.untested, or it has both: \(text)")
        }
    }

    @Test func `every clause that a check cites exists`() {
        for check in Catalogue.checks {
            for clause in check.clauses {
                #expect(
                    ClauseTests.clauses[clause] != nil,
                    "\(check.id) cites clause \(clause), which Protocol.md does not have")
            }
        }
        for (clause, _) in Catalogue.untested { #expect(ClauseTests.clauses[clause] != nil) }
        for fault in Faults.all { #expect(ClauseTests.clauses[fault.clause] != nil, "\(fault)") }
    }

    @Test func `check ids are unique, and checks are found by id, group and clause`() {
        let ids = Catalogue.checks.map(\.id)
        #expect(Set(ids).count == ids.count)
        #expect(Catalogue.checks(matching: "5.4").allSatisfy { $0.clauses.contains { $0.hasPrefix("5.4") } })
        #expect(Catalogue.checks(matching: "header").count == Catalogue.checks.filter { $0.group == "header" }.count)
        #expect(Catalogue.checks(matching: "5").contains { $0.id == "publish-ack" })
        #expect(Catalogue.checks(matching: "5.4.11").isEmpty && Catalogue.checks(matching: "99").isEmpty)
    }
}
