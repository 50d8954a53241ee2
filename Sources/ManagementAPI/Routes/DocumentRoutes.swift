import Management

/// Routes: the description of this API.
enum DocumentRoutes {
    static let table: [Route] = [
        Route(
            method: .get, pattern: "/openapi.json", admission: .open, operation: "getDescription",
            summary: "This document.",
            response: ResponseShape(status: 200, meaning: "OpenAPI 3.1.", shape: .map(.any)), handle: document)
    ]

    @Sendable private static func document(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        Answer(status: 200, body: .bytes(OpenAPIDocument.bytes, type: "application/json"))
    }
}
