import Management
import Settings

/// An error as an answer: `application/problem+json` (RFC 9457).
struct Problem: Error, Sendable {
    let status: Int
    /// A stable word for programs.
    let code: String
    /// The same for every problem of this code.
    let title: String
    /// What is wrong with this request, and what to do.
    let detail: String
    var field: String?
    var errors: [JSON] = []
    var headers: [(name: String, value: String)] = []

    var answer: Answer {
        var document: JSON = [
            "type": .text("urn:needletail:problem:\(code)"), "title": .text(title), "status": .integer(status),
            "code": .text(code), "detail": .text(detail),
        ]
        if let field { document.add("field", .text(field)) }
        if !errors.isEmpty { document.add("errors", .list(errors)) }
        return Answer(
            status: status, headers: headers, body: .bytes(document.bytes, type: "application/problem+json"))
    }
}

extension Problem {
    /// A refusal by a use case.
    init(_ error: ManagementError) {
        let kind = ProblemKind(error.code)
        self.init(kind, error.detail)
        field = error.field
        errors = error.mistakes.map {
            ["field": .text($0.path), "code": .text($0.code.rawValue), "detail": .text($0.text)]
        }
        if let wait = error.retryAfter {
            // Whole seconds, rounded up (RFC 9110, 10.2.3).
            headers.append(("retry-after", "\((wait + 999) / 1_000)"))
        }
    }

    init(_ kind: ProblemKind, _ detail: String) {
        self.init(status: kind.status, code: kind.code, title: kind.title, detail: detail)
        if kind.status == 401 { headers.append(("www-authenticate", "Bearer")) }
    }

    static func methodNotAllowed(_ allowed: [Route.Method]) -> Problem {
        let methods = allowed.map(\.rawValue).joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "this path allows \(methods)")
        problem.headers.append(("allow", methods))
        return problem
    }
}
