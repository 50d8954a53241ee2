package import Access
package import Management
import WebhookModel

/// A route as data: what is registered, what a key needs for it, and what the OpenAPI document says about it. Nothing
/// else describes a route, so they cannot disagree.
package struct Route: Sendable {
    package enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// Who may use it.
    package enum Admission: Sendable, Equatable {
        /// Everybody who reaches the port.
        case open
        /// A key with this permission.
        case key(Permission)
    }

    typealias Handler = @Sendable (Exchange) async throws(ManagementError) -> Answer

    package let method: Method
    /// `/api/v1/webhooks/{webhook}`.
    package let pattern: String
    package let admission: Admission
    /// Unique, in lowerCamelCase: `listWebhooks`.
    package let operation: String
    /// One line.
    let summary: String
    /// Of the path, the query and the headers.
    package var parameters: [Parameter] = []
    package var request: RequestShape?
    /// The answer where nothing is wrong.
    package let response: ResponseShape
    /// Further answers that are no problems, as 503 of the readiness.
    package var others: [ResponseShape] = []
    /// Problems of its own; `OpenAPIDocument` adds those that follow from admission, parameters and body.
    package var problems: [ManagementError.Code] = []
    let handle: Handler

    /// The group in the document: the first segment after `/api/v1`.
    var tag: String {
        let segments = pattern.split(separator: "/")
        return segments.count > 2 && segments[0] == "api" ? String(segments[2]) : "server"
    }
}

/// A parameter of a route.
package struct Parameter: Sendable {
    package enum Place: String, Sendable { case path, query, header }

    package let name: String
    package let place: Place
    let meaning: String
    let shape: Shape
    var isRequired = false

    static func path(_ name: String, _ meaning: String, _ shape: Shape = .text) -> Parameter {
        Parameter(name: name, place: .path, meaning: meaning, shape: shape, isRequired: true)
    }

    static func query(_ name: String, _ meaning: String, _ shape: Shape = .text) -> Parameter {
        Parameter(name: name, place: .query, meaning: meaning, shape: shape)
    }

    static func header(_ name: String, _ meaning: String, isRequired: Bool = false) -> Parameter {
        Parameter(name: name, place: .header, meaning: meaning, shape: .text, isRequired: isRequired)
    }

    /// Of every list.
    static let paging = [
        query("limit", "Rows of a page.", .integer(1...Limits.pageRows, default: Limits.pageRowsDefault)),
        query("cursor", "The next of the page before."),
    ]
    static let ifMatch = header("If-Match", "The ETag of the row that is changed; any other revision is refused (412).")
}

/// The body that a route takes.
package struct RequestShape: Sendable {
    /// Without parameters; the first one is shown in examples.
    var types = ["application/json"]
    package let shape: Shape
    package let example: JSON
    /// Bytes.
    var most = Limits.apiBodyBytes
}

/// An answer of a route.
package struct ResponseShape: Sendable {
    package let status: Int
    let meaning: String
    var type = "application/json"
    /// Nil: no body, or one that is no JSON.
    package var shape: Shape?
    package var example: JSON?
    /// Whether it has the row's revision as ETag.
    var hasRevision = false

    static func row(_ shape: Shape, _ example: JSON, _ meaning: String) -> ResponseShape {
        ResponseShape(status: 200, meaning: meaning, shape: shape, example: example, hasRevision: true)
    }

    static func list(_ row: Shape, _ example: JSON, _ meaning: String) -> ResponseShape {
        ResponseShape(
            status: 200, meaning: meaning, shape: .list(of: row), example: ["data": [example], "next": .null])
    }
}
