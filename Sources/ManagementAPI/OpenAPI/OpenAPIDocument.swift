import Access
import Management

/// The OpenAPI 3.1 document, generated from the route table.
public enum OpenAPIDocument {
    /// Made once: the table does not change.
    public static let bytes = json(of: RouteTable.all).bytes

    static func json(of routes: [Route]) -> JSON {
        var patterns: [String] = []
        for route in routes where !patterns.contains(route.pattern) { patterns.append(route.pattern) }
        let paths = patterns.map { pattern in
            let operations = routes.filter { $0.pattern == pattern }.map { route in
                JSON.Member(route.method.rawValue.lowercased(), operation(route))
            }
            return JSON.Member(pattern, .object(operations))
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Needletail", "version": "1",
                "description": "The management API of Needletail, a webhook dispatcher.",
            ],
            "servers": [["url": "/"]],
            "paths": .object(paths),
            "components": [
                "securitySchemes": [
                    "apiKey": [
                        "type": "http", "scheme": "bearer",
                        "description": "An API key: Authorization: Bearer ntk_…",
                    ]
                ],
                "schemas": .object(components(routes)),
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSON {
        var operation: JSON = [
            "operationId": .text(route.operation), "summary": .text(route.summary), "tags": [.text(route.tag)],
        ]
        if case .key(let permission) = route.admission {
            operation.add("security", [["apiKey": []]])
            operation.add("x-permission", .text(permission.rawValue))
        } else {
            operation.add("security", [])
        }
        if !route.parameters.isEmpty { operation.add("parameters", .list(route.parameters.map(parameter))) }
        if let request = route.request {
            let content = request.types.map { type in
                JSON.Member(type, ["schema": request.shape.use, "example": request.example])
            }
            operation.add("requestBody", ["required": true, "content": .object(content)])
        }
        var answers = ([route.response] + route.others).map { JSON.Member("\($0.status)", answer($0)) }
        let given = Set(answers.map(\.name))
        for (status, kinds) in problems(of: route) where !given.contains("\(status)") {
            answers.append(JSON.Member("\(status)", problem(kinds)))
        }
        operation.add("responses", .object(answers.sorted { $0.name < $1.name }))
        return operation
    }

    private static func parameter(_ parameter: Parameter) -> JSON {
        [
            "name": .text(parameter.name), "in": .text(parameter.place.rawValue),
            "required": .bool(parameter.isRequired), "description": .text(parameter.meaning),
            "schema": parameter.shape.use,
        ]
    }

    private static func answer(_ response: ResponseShape) -> JSON {
        var answer: JSON = ["description": .text(response.meaning)]
        if response.hasRevision {
            answer.add("headers", ["ETag": ["description": "The revision of the row.", "schema": Shape.text.use]])
        }
        // 204 has no body.
        guard response.status != 204 else { return answer }
        var content: JSON = ["schema": response.shape?.use ?? Shape.text.use]
        if let example = response.example { content.add("example", example) }
        answer.add("content", .object([JSON.Member(response.type, content)]))
        return answer
    }

    // MARK: Problems

    /// What can go wrong, by status: what the route lists, and what follows from its key, parameters and body.
    static func problems(of route: Route) -> [(status: Int, kinds: [ProblemKind])] {
        var kinds: [ProblemKind] = []
        func add(_ more: [ProblemKind]) { for kind in more where !kinds.contains(kind) { kinds.append(kind) } }
        if case .key = route.admission { add([.refusal(.unauthenticated), .refusal(.missingScope)]) }
        if route.parameters.contains(where: { $0.place != .path }) { add([.refusal(.invalidParameter)]) }
        if route.parameters.contains(where: { $0.name == "cursor" }) { add([.refusal(.invalidCursor)]) }
        // Every query but the declared one is refused.
        add([.refusal(.invalidParameter), .targetTooLong])
        if route.parameters.contains(where: { $0.name == "If-Match" }) { add([.refusal(.revisionMismatch)]) }
        if route.request != nil {
            add([
                .refusal(.malformed), .refusal(.invalid), .refusal(.tooLarge), .unsupportedMediaType, .bodyTimeout,
            ])
        }
        add(route.problems.map { .refusal($0) })
        // Every route reads or writes the store.
        if route.admission != .open { add([.refusal(.overloaded), .refusal(.stopping), .refusal(.damaged)]) }
        return Dictionary(grouping: kinds, by: \.status).map { ($0.key, $0.value) }.sorted { $0.status < $1.status }
    }

    private static func problem(_ kinds: [ProblemKind]) -> JSON {
        let lines = kinds.map { "`\($0.code)`: \($0.title)." }
        return [
            "description": .text(lines.joined(separator: " ")),
            "content": ["application/problem+json": ["schema": Shape.problem.use]],
        ]
    }

    private static func components(_ routes: [Route]) -> [JSON.Member] {
        var shapes: [Shape] = [Shape.problem]
        for route in routes {
            shapes += route.parameters.map(\.shape)
            if let request = route.request { shapes.append(request.shape) }
            shapes += ([route.response] + route.others).compactMap(\.shape)
        }
        var schemas: [String: JSON] = [:]
        for shape in shapes.flatMap(\.named) {
            guard let name = shape.name else { continue }
            let present = schemas.updateValue(shape.schema, forKey: name)
            precondition(present == nil || present == shape.schema, "two shapes are called \(name)")
        }
        return schemas.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }
    }
}
