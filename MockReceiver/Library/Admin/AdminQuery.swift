import Hummingbird

/// Reads a request's query, and reports mistakes.
struct AdminQuery {
    private let parameters: Parameters
    private let known: [String]

    /// - Throws: for an unknown parameter.
    init(_ request: Request, _ known: [String]) throws {
        parameters = request.uri.queryParameters
        self.known = known
        for (name, _) in parameters {
            guard known.contains(String(name)) else {
                throw Problem(
                    .badRequest, "unknown parameter \"\(name)\"\(NearWord.hint(for: String(name), among: known))")
            }
            guard parameters.getAll(String(name)).count == 1 else {
                throw Problem(.badRequest, "\(name) occurs twice", mend: "use it once")
            }
        }
    }

    func text(_ name: String) -> String? { parameters.get(name) }

    func number<Number: LosslessStringConvertible & Comparable>(_ name: String, _ range: ClosedRange<Number>) throws
        -> Number?
    {
        guard let text = parameters.get(name) else { return nil }
        guard let number = Number(text), range.contains(number) else {
            throw Problem(
                .badRequest, "\(name): invalid value \"\(text)\"",
                mend: "expected \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    static let filterNames = ["path", "id", "verdict", "status", "attempt", "header", "body", "after"]

    /// The parts of a filter; absent parts match everything.
    func filter() throws -> JournalFilter {
        var filter = JournalFilter(id: text("id"), bodyText: text("body"))
        filter.path = try path()
        filter.after = try number("after", 0...Int.max)
        if let name = text("verdict") {
            guard let verdict = Verdict.allCases.first(where: { $0.name == name }) else {
                throw Problem(.badRequest, "verdict: \(NearWord.unknown(name, among: Verdict.allCases.map(\.name)))")
            }
            filter.verdict = verdict
        }
        filter.statuses = try text("status").map(AdminQuery.statuses)
        if let written = text("attempt") {
            guard let span = ProgramQuantity.span(written) else {
                throw Problem(
                    .badRequest, "attempt: invalid value \"\(written)\"", mend: "expected 3, 1..3, 4.. or ..3")
            }
            filter.attempts = span
        }
        if let written = text("header") {
            guard let colon = written.firstIndex(of: ":"), colon != written.startIndex else {
                throw Problem(
                    .badRequest, "header: invalid value \"\(written)\"",
                    mend: "expected name:value, or name:* for any value")
            }
            let value = written[written.index(after: colon)...].drop { $0 == " " }
            filter.header = HeaderCondition(String(written[..<colon]), TextPattern(String(value)))
        }
        return filter
    }

    func path() throws -> PathPattern? {
        guard let written = text("path") else { return nil }
        guard let pattern = PathPattern(written) else {
            throw Problem(
                .badRequest, "path: invalid value \"\(written)\"",
                mend: "expected a path that begins with /, exact or ending with *, or * alone")
        }
        return pattern
    }

    /// `503`, `5xx`, or `0` for a reset.
    private static func statuses(_ written: String) throws -> ClosedRange<Int> {
        if written.utf8.count == 3, written.hasSuffix("xx"), let digit = Int(written.prefix(1)), (2...5).contains(digit)
        {
            return digit * 100...digit * 100 + 99
        }
        guard let status = Int(written), status == 0 || (200...599).contains(status) else {
            throw Problem(
                .badRequest, "status: invalid value \"\(written)\"",
                mend: "expected 200 to 599, 2xx to 5xx, or 0 for a reset")
        }
        return status...status
    }
}
